// The commands and the program of docs/integrate/go.md, run as they stand there.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { codeBlocks, isInstalled, runShell, writeFiles } from '../src/docs-examples.ts';

const blocks = codeBlocks('docs/integrate/go.md');
const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
const [exporting = '', installing, generating = '', running = ''] = commands;
const printed = blocks.find(({ language }) => language === 'text')?.text;

test('docs/integrate/go.md has the commands that are run here, and no others', () => {
  expect(commands).toHaveLength(4);
  expect(exporting).toContain('npm run protos');
  expect(installing).toContain('go install');
  expect(generating).toContain('buf generate --template buf.gen.go.yaml');
  expect(running).toContain('go run .');
});

const missing = ['go', 'protoc-gen-go', 'protoc-gen-go-grpc'].filter(
  (program) => !isInstalled('sh', '-c', `command -v ${program}`),
);

if (missing.length > 0) {
  test.todo(
    `docs/integrate/go.md prints what it says: skipped, not installed here: ${missing.join(', ')}`,
  );
} else {
  test(
    'docs/integrate/go.md prints what it says',
    async () => {
      const platform = await sharedPlatform();
      const home = await mkdtemp(join(tmpdir(), 'loyalty go '));
      try {
        const shop = join(home, 'shop');
        const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
        const env = { ...platform.env, PATH: path, INIT_CWD: undefined };
        // Go keeps downloaded modules in the home folder of the user who runs the tests.
        await runShell(exporting, { cwd: root, env: { ...env, HOME: home } });
        await runShell(generating, { cwd: shop, env });
        await writeFiles(blocks, shop);
        const withoutFile = running.replace('. ~/loyalty/.local/env\n', '');
        expect(withoutFile).not.toBe(running);
        expect(await runShell(withoutFile, { cwd: shop, env })).toBe(printed);
      } finally {
        await rm(home, { recursive: true });
      }
    },
    patience(240_000),
  );
}
