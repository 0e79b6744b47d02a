// The examples of docs/programs-as-code.md, run as they stand there.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { type Setting, startSetting } from '../../services/programs/test/running-programs.ts';

const page = readFileSync(new URL('../../docs/programs-as-code.md', import.meta.url), 'utf8');

let setting: Setting;
let directory: string;

beforeAll(async () => {
  setting = await startSetting();
  directory = await mkdtemp(join(tmpdir(), 'programs-docs-'));
}, patience(60_000));

afterAll(async () => {
  await rm(directory, { recursive: true });
  await setting.stop();
}, patience(30_000));

/** What a shell prints, on standard error after what it prints on standard output. */
function run(commands: string): Promise<string> {
  const main = join(import.meta.dirname, '../src/main.ts');
  const lines = commands.replaceAll('npx loyalty', `'${process.execPath}' '${main}'`);
  const env = {
    ...process.env,
    LOYALTY_PROGRAMS_GRPC: setting.grpcAddress,
    LOYALTY_ADMIN_TOKEN: setting.tokens.admin,
  };
  return new Promise((resolve) => {
    execFile('sh', ['-c', lines], { cwd: directory, env }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

test(
  'docs/programs-as-code.md: every example prints what the page says',
  async () => {
    const files = page.matchAll(/`(?<name>[\w-]+\.yaml)`:\n\n```yaml\n(?<yaml>.*?)```/gs);
    for (const { groups = {} } of files) {
      await writeFile(join(directory, groups['name'] ?? ''), groups['yaml'] ?? '');
    }
    const examples = [...page.matchAll(/^```sh\n(.*?)```\n\n```text\n(.*?)```/gms)];
    const printed: string[] = [];
    for (const [, commands = ''] of examples) printed.push(await run(commands));
    expect(printed).toEqual(examples.map(([, , expected]) => expected));
    // None that this test overlooks.
    expect(examples.length).toBe(page.match(/^```sh$/gm)?.length);
  },
  patience(120_000),
);
