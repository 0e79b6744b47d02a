// @loyalty/client in a project elsewhere: the programs of its README and of docs/integrate/typescript.md, compiled and
// run there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-platform.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProject, otherNode, type Project } from '../src/packed-client.ts';

const pages = ['clients/typescript/README.md', 'docs/integrate/typescript.md'];

interface Example {
  readonly file: string;
  readonly program: string;
  readonly printed: string;
}

const examples = pages.flatMap((page): Example[] => {
  const text = readFileSync(join(root, page), 'utf8');
  const found = [...text.matchAll(/^```ts\n(.*?)```\n\n```text\n(.*?)```/gms)];
  const name = page.includes('README') ? 'readme' : 'page';
  return found.map(([, program = '', printed = ''], index) => ({
    file: `${name}-${index + 1}.ts`,
    program,
    printed,
  }));
});

let platform: Platform;
let project: Project;

beforeAll(async () => {
  platform = await sharedPlatform();
  project = await createProject();
  for (const { file, program } of examples) await project.write(file, program);
}, patience(240_000));

afterAll(() => project.remove());

test('the package has JavaScript, types and its license, and no source', () => {
  expect(project.packed).toEqual(
    expect.arrayContaining([
      'package.json',
      'README.md',
      'LICENSE',
      'dist/main.js',
      'dist/main.d.ts',
    ]),
  );
  const strays = project.packed.filter((path) => /(?<!\.d)\.ts$|\.test\.|^src\//.test(path));
  expect(strays).toEqual([]);
});

test('no program of the pages is left out', () => {
  const blocks = pages.flatMap((page) => readFileSync(join(root, page), 'utf8').match(/^```ts$/gm));
  expect(blocks).toHaveLength(examples.length);
});

test('strict TypeScript compiles them', () => project.compile(), patience(120_000));

const run = async (node: string, { file, printed }: Example) => {
  const env = { ...platform.env, LOYALTY_LEDGER_HTTP: platform.ledgerHttp };
  expect(await project.run(file, { node, env })).toBe(printed);
};

describe('what they print, on the Node.js of this repository', () => {
  test.each(examples)('$file', (example) => run(process.execPath, example), patience(60_000));
});

describe('what they print, on the Node.js of this machine', () => {
  const machine = otherNode;
  if (machine === undefined) {
    test.skip('it has no other Node.js 20 or newer', () => undefined);
  } else {
    test.each(examples)('$file', (example) => run(machine, example), patience(60_000));
  }
});
