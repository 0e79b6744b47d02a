// @loyalty/client in a project elsewhere: the programs of its README and of docs/integrate/typescript.md, compiled and
// run there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProject, otherNode, type Project } from '../src/client-project.ts';

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

test(
  'strict TypeScript compiles them',
  async () => {
    await expect(project.compile()).resolves.toBeUndefined();
  },
  patience(120_000),
);

async function expectPrinted(node: string, { file, printed }: Example): Promise<void> {
  const env = { ...platform.env, LOYALTY_LEDGER_HTTP: platform.ledgerHttp };
  expect(await project.run(file, { node, env })).toBe(printed);
}

test.each(examples)(
  '$file prints what its page says',
  (example) => expectPrinted(process.execPath, example),
  patience(60_000),
);

if (otherNode === undefined) {
  test.todo('the same on the Node.js of this machine, which has no other that is 20 or newer');
} else {
  const node = otherNode;
  test.each(examples)(
    '$file prints the same on the Node.js of this machine',
    (example) => expectPrinted(node, example),
    patience(60_000),
  );
}
