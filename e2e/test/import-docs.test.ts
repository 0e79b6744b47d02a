// The examples of docs/import.md, run as they stand there.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  type PlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { lifetimeEarned } from '../src/http.ts';

const page = readFileSync(join(root, 'docs/import.md'), 'utf8');

let home: PlatformHome;
let platform: RunningPlatform;

beforeAll(async () => {
  home = await createPlatformHome();
  platform = await startPlatform(home);
}, patience(60_000));

afterAll(async () => {
  await platform.stop();
  await home.remove();
}, patience(30_000));

/** What a shell prints on standard output; of a command that fails, what it says on standard error, too. */
function run(commands: string, directory: string): Promise<string> {
  const loyalty = `'${process.execPath}' '${join(root, 'cli/bin/loyalty.cjs')}'`;
  const lines = commands.replaceAll('npx loyalty', loyalty);
  const options = { cwd: directory, env: { ...process.env, ...platform.env } };
  return new Promise((resolve) => {
    execFile('sh', ['-c', lines], options, (error, stdout, stderr) => {
      resolve(error?.code === 2 ? stdout + stderr : stdout);
    });
  });
}

test(
  'docs/import.md: every example prints what the page says',
  async () => {
    const directory = join(home.directory, 'examples');
    await mkdir(directory);
    for (const { groups = {} } of page.matchAll(
      /`(?<name>[\w-]+\.csv)`:\n\n```csv\n(?<csv>.*?)```/gs,
    )) {
      await writeFile(join(directory, groups['name'] ?? ''), groups['csv'] ?? '');
    }
    const examples = [...page.matchAll(/^```sh\n(.*?)```\n\n```text\n(.*?)```/gms)];
    for (const [, commands = '', printed] of examples) {
      expect({ commands, printed: await run(commands, directory) }).toEqual({ commands, printed });
    }
    // None that this test overlooks.
    expect(examples.length).toBe(page.match(/^```sh$/gm)?.length);
    expect(await lifetimeEarned(platform, 'wine-dine')).toEqual(
      new Map([
        ['ann', 20],
        ['bob', 5],
        ['carol', 0],
        ['dan', 0],
      ]),
    );
  },
  patience(90_000),
);
