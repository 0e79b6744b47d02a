// The examples of docs/http.md, run as they stand there, one after the other in one shell.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';

const page = readFileSync(join(root, 'docs/http.md'), 'utf8');

interface Example {
  readonly commands: string;
  /** Undefined where the page shows none. */
  readonly printed: string | undefined;
}

const examples = [
  ...page.matchAll(
    /^```sh\n(?<commands>.*?)^```\n(?:\n^```(?:json|text)\n(?<printed>.*?)^```\n)?/gms,
  ),
].map(
  ({ groups = {} }): Example => ({
    commands: groups['commands'] ?? '',
    printed: groups['printed'],
  }),
);

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

/** What each of them prints. */
async function runAll(): Promise<string[]> {
  const loyalty = `'${process.execPath}' '${join(root, 'cli/bin/loyalty.cjs')}'`;
  const mark = 'the next example';
  const script = examples.map(({ commands }) => commands.replaceAll('npx loyalty', loyalty));
  const options = {
    cwd: platform.directory,
    // `node` is the Node that runs the tests.
    env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` },
  };
  const commands = script.join(`\necho; echo '${mark}'\n`);
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', commands], options);
  return stdout.split(`\n${mark}\n`);
}

/** What is printed, where it is JSON as such, with a word for each value that another run has other ones of. */
function comparable(printed: string): unknown {
  const text = printed
    .trim()
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"/g, '"(a time)"')
    .replaceAll(/"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}"/g, '"(an id)"')
    .replaceAll(/("nextPageToken": ?)"[^"]+"/g, '$1"(a token)"')
    .replaceAll(/("(?:iat|exp)": ?)\d{10}\b/g, '$1"(a time)"');
  try {
    return JSON.parse(text);
  } catch {
    return text.split('\n').map((line) => line.trim());
  }
}

test(
  'docs/http.md: every example prints what the page says',
  async () => {
    const printed = await runAll();
    expect(printed.length).toBe(examples.length);
    for (const [index, { commands, printed: expected }] of examples.entries()) {
      const actual = comparable(expected === undefined ? '' : (printed[index] ?? ''));
      expect({ commands, actual }).toEqual({ commands, actual: comparable(expected ?? '') });
    }
    // None that this test overlooks.
    expect(examples.length).toBe(page.match(/^```sh$/gm)?.length);
    expect(examples.filter((example) => example.printed !== undefined).length).toBe(
      page.match(/^```(json|text)$/gm)?.length,
    );
  },
  patience(90_000),
);
