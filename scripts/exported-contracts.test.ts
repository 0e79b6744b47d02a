import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import { isCommand, root, run } from './commands.ts';
import { exportedContracts, writeExport } from './exported-contracts.ts';

let contracts: Map<string, string>;
/** An empty folder outside of the project, with a space in its name. */
let place: string;

beforeAll(async () => {
  contracts = await exportedContracts();
}, patience(30_000));

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'loyalty protos '));
});

afterEach(() => rmSync(place, { recursive: true }));

/** The command, as npm runs it for someone in that folder. */
function protos(...args: string[]) {
  const command = [join(root, 'scripts/protos.ts'), ...args];
  const env = { ...process.env, INIT_CWD: place, NO_COLOR: '1' };
  return spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', env });
}

async function exported(): Promise<string> {
  const directory = join(place, 'protos');
  await writeExport(directory, contracts);
  return directory;
}

/** A plugin of protoc that prints the Go package of each file that it is asked to generate. */
const packagesPlugin = `
import { fromBinary, toBinary, create } from '@bufbuild/protobuf';
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from '@bufbuild/protobuf/wkt';
import { readFileSync, writeSync } from 'node:fs';
const { fileToGenerate, protoFile } = fromBinary(CodeGeneratorRequestSchema, readFileSync(0));
const lines = protoFile.map(({ name, options }) => name + ' ' + options?.goPackage + ' ' + fileToGenerate.includes(name));
const file = [{ name: 'packages.txt', content: lines.join('\\n') }];
writeSync(1, toBinary(CodeGeneratorResponseSchema, create(CodeGeneratorResponseSchema, { file })));
`;

test('buf lints and builds the folder alone', async () => {
  const cwd = await exported();
  expect(await run('buf', ['lint'], { cwd })).toBe('');
  expect(await run('buf', ['build'], { cwd })).toBe('');
});

test('buf finds a mistake in the contracts there', async () => {
  const cwd = await exported();
  writeFileSync(join(cwd, 'loyalty/ledger/v1/bad.proto'), 'syntax = "proto3";\npackage bad;\n');
  await expect(run('buf', ['lint'], { cwd })).rejects.toThrow('bad.proto');
});

if (isCommand('protoc')) {
  test('protoc accepts the folder alone', async () => {
    const cwd = await exported();
    const files = [...contracts.keys()].filter((path) => path.endsWith('.proto'));
    const set = join(place, 'set.binpb');
    await run('protoc', ['--proto_path=.', '--descriptor_set_out', set, ...files], { cwd });
    expect(statSync(set).size).toBeGreaterThan(0);
  });

  test('its template for Java makes classes in the package that it names', async () => {
    const cwd = await exported();
    const template = readFileSync(join(cwd, 'buf.gen.java.yaml'), 'utf8');
    const withoutCalls = template.replace(/^ {2}- local: protoc-gen-grpc-java\n.*\n/m, '');
    expect(withoutCalls).not.toBe(template);
    await run('buf', ['generate', '--template', withoutCalls, '--output', join(place, 'java')], {
      cwd,
    });
    const file = 'com/example/shop/loyalty/ledger/v1/EarnRequest.java';
    expect(readFileSync(join(place, 'java', file), 'utf8')).toContain(
      'package com.example.shop.loyalty.ledger.v1;',
    );
    expect(readdirSync(join(place, 'java'))).toEqual(['com']);
  });
} else {
  test.todo('protoc accepts the folder alone: skipped, protoc is not installed here');
  test.todo('its template for Java makes classes: skipped, protoc is not installed here');
}

test("its template for Go names the packages of the user's module, and Google's own", async () => {
  const cwd = await exported();
  const plugin = join(root, 'node_modules/.cache', `packages-plugin-${process.pid}.mjs`);
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true });
  writeFileSync(plugin, packagesPlugin);
  try {
    const template = readFileSync(join(cwd, 'buf.gen.go.yaml'), 'utf8')
      .replace(
        '  - local: protoc-gen-go\n',
        `  - local: ["${process.execPath}", "${plugin}"]\n    strategy: all\n`,
      )
      .replace(/^ {2}- local: protoc-gen-go-grpc\n.*\n.*\n/m, '');
    await run('buf', ['generate', '--template', template, '--output', join(place, 'go')], { cwd });
  } finally {
    rmSync(plugin);
  }
  const packages = readFileSync(join(place, 'go/packages.txt'), 'utf8').split('\n');
  expect(packages).toContain(
    'loyalty/ledger/v1/earn.proto example.com/shop/gen/loyalty/ledger/v1;ledgerv1 true',
  );
  expect(packages).toContain(
    'google/rpc/code.proto google.golang.org/genproto/googleapis/rpc/code;code false',
  );
  expect(packages).toContain('buf/validate/validate.proto example.com/shop/gen/buf/validate true');
});

test('a relative folder counts from where the command was typed, and repeating it has no effect', () => {
  const first = protos('vendor/protos');
  expect(first.stderr).toBe('');
  expect(first.stdout).toContain(join(place, 'vendor/protos'));
  expect(readdirSync(join(place, 'vendor/protos'))).toContain('buf.yaml');
  expect(protos('vendor/protos').stdout).toContain(' 0 changed');
});

test('an export that is out of date or was interrupted is completed', async () => {
  const directory = await exported();
  rmSync(join(directory, 'google'), { recursive: true });
  writeFileSync(join(directory, 'loyalty/ledger/v1/earn.proto'), '// old');
  expect(await writeExport(directory, contracts)).toMatchObject({ changed: 6 });
  expect(readFileSync(join(directory, 'loyalty/ledger/v1/earn.proto'), 'utf8')).toBe(
    contracts.get('loyalty/ledger/v1/earn.proto'),
  );
});

test('a folder with anything else is left as it is', async () => {
  writeFileSync(join(place, 'README.md'), '# My shop\n');
  expect(protos('.')).toMatchObject({
    status: 1,
    stderr: `${place} isn't empty: it has README.md; name a new folder.\n`,
  });
  expect(readdirSync(place)).toEqual(['README.md']);

  const directory = await exported();
  writeFileSync(join(directory, 'shop.proto'), '');
  writeFileSync(join(directory, 'buf.yaml'), '');
  expect(protos('protos').stderr).toBe(
    `${directory} has files besides the contracts, such as shop.proto; delete them, or name another folder.\n`,
  );
  expect(readFileSync(join(directory, 'buf.yaml'), 'utf8')).toBe('');
});

test.each([
  [['README.md'], 'README.md is not a folder; name another one.'],
  [['README.md/protos'], 'README.md/protos is not a folder; name another one.'],
  [[], 'Name one folder.'],
  [['a', 'b'], 'Name one folder.'],
  [['--out', 'a'], "Unknown option '--out'"],
])('says what is wrong with %j', (args, message) => {
  writeFileSync(join(place, 'README.md'), '# My shop\n');
  const { status, stderr } = protos(...args);
  expect(stderr).toContain(message);
  expect(status).toBe(1);
});
