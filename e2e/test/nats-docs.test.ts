// The commands and programs of docs/integrate/nats.md, run as they stand there.

import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { codeBlocks, isInstalled, runShell, writeFiles } from '../src/docs-examples.ts';
import { http } from '../src/http.ts';
import { until } from '../src/until.ts';

const blocks = codeBlocks('docs/integrate/nats.md');

let home: string;
let shop: string;
let platform: Platform;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'loyalty nats '));
  shop = join(home, 'shop');
  platform = await sharedPlatform();
  await writeFiles(blocks, shop);
  // As npm install would.
  await symlink(join(root, 'node_modules'), join(shop, 'node_modules'));
}, patience(60_000));

afterAll(() => rm(home, { recursive: true }));

/** The block of commands with that text, and what the page says that it prints. */
function example(text: string): { commands: string; printed: string } {
  const index = blocks.findIndex(
    ({ language, text: own }) => language === 'sh' && own.includes(text),
  );
  const next = blocks[index + 1];
  return {
    commands: blocks[index]?.text.replace('. .local/env\n', '') ?? '',
    printed: next?.language === 'text' ? next.text : '',
  };
}

function run(commands: string, cwd = shop): Promise<string> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return runShell(commands, {
    cwd,
    env: { ...platform.env, HOME: home, PATH: path, INIT_CWD: undefined },
  });
}

test('docs/integrate/nats.md has the commands that are run here, and no others', () => {
  expect(blocks.filter(({ language }) => language === 'sh')).toHaveLength(8);
});

test(
  'docs/integrate/nats.md: what JavaScript publishes is credited, and comes out as events',
  async () => {
    expect(await run(example('curl').commands)).toContain('"userId":"nina"');
    const json = example('node publish.mjs');
    expect(await run(json.commands)).toBe(json.printed);
    await run(example('npm run protos').commands, root);
    await run(example('buf generate').commands);
    const protobuf = example('node publish-protobuf.mjs');
    expect(await run(protobuf.commands)).toBe(protobuf.printed);
    const events = example('node read-events.mjs');
    expect(await run(events.commands)).toBe(events.printed);
    expect([json.printed, protobuf.printed, events.printed]).not.toContain('');
  },
  patience(240_000),
);

if (isInstalled('nats', '--version')) {
  test(
    'docs/integrate/nats.md: what the nats command publishes is credited',
    async () => {
      expect(await run(example('nats request').commands)).toContain('LOYALTY_IN');
      await credited('nats-order-4');
    },
    patience(30_000),
  );
} else {
  test.todo('docs/integrate/nats.md: the nats command: skipped, it is not installed here');
}

if (isInstalled('python3', '-c', 'import nats, google.protobuf, grpc_tools')) {
  test(
    'docs/integrate/nats.md: what Python publishes is credited',
    async () => {
      await run(example('npm run protos').commands, root);
      const generating = codeBlocks('docs/integrate/python.md').find(({ text }) =>
        text.includes('grpc_tools.protoc'),
      );
      await run(generating?.text ?? '');
      const python = example('python3 publish.py');
      expect(await run(python.commands)).toBe(python.printed);
      await credited('nats-order-3');
    },
    patience(60_000),
  );
} else {
  test.todo(
    'docs/integrate/nats.md: Python: skipped, nats-py and grpcio-tools are not installed here',
  );
}

async function credited(transactionId: string): Promise<void> {
  const token = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  const path = `programs/wine-dine/earns/${transactionId}`;
  await until(
    () => http(platform, { token, path }),
    ({ status }) => status === 200,
  );
}
