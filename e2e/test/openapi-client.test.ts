// A client as users make one: openapi-typescript turns gateway/openapi.json into types, and TypeScript 5 compiles a
// program over them, which then runs.

import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http } from '../src/http.ts';
import { tokenFor } from '../src/tokens.ts';

const workspace = join(root, 'e2e/openapi-client');
const { resolve } = createRequire(join(workspace, 'package.json'));
/** A file of a package that the workspace depends on. */
const fileOf = (name: string, file: string) => join(resolve(`${name}/package.json`), '..', file);

let platform: Platform;
let directory: string;

beforeAll(async () => {
  platform = await sharedPlatform();
  directory = await mkdtemp(join(tmpdir(), 'loyalty-openapi-client-'));
}, patience(60_000));

afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs Node in the folder; rejects with what it printed when it fails. */
async function node(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, args, { cwd: directory })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${args[0]} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: [],
  outDir: 'dist',
};

test(
  'a client generated from gateway/openapi.json compiles strictly and runs a visit',
  async () => {
    await mkdir(join(directory, 'node_modules'));
    await symlink(
      join(root, 'node_modules/openapi-fetch'),
      join(directory, 'node_modules/openapi-fetch'),
    );
    await writeFile(join(directory, 'package.json'), '{"type": "module"}');
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['visit.ts'] }),
    );
    await copyFile(join(workspace, 'visit.ts'), join(directory, 'visit.ts'));
    const openApi = join(root, 'gateway/openapi.json');
    await node(fileOf('openapi-typescript', 'bin/cli.js'), openApi, '--output', 'gateway.d.ts');
    await node(fileOf('typescript', 'bin/tsc'), '--project', '.');

    const url = platform.env['LOYALTY_URL'] ?? '';
    const token = await tokenFor(platform, 'member', 'typed');
    const service = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
    const transaction = {
      transactionId: 'typed-1',
      occurTime: '2026-01-31T18:30:00Z',
      amount: { currencyCode: 'USD', minorUnits: 60_000 },
    };
    const earns = { earns: [{ userId: 'typed', transaction }], joinMissing: true };
    const path = 'programs/wine-dine/earns:batch';
    expect(await http(platform, { token: service, path, body: earns })).toMatchObject({
      status: 200,
    });
    const script = `
      import { visit } from './dist/visit.js';
      console.log(JSON.stringify(await visit(...process.argv.slice(1))));`;
    const printed = await node('--input-type=module', '--eval', script, url, token);
    expect(JSON.parse(printed)).toEqual({
      available: 30,
      affordable: ['glass'],
      quotedPoints: 5,
      redeemed: [
        { state: 'CAPTURED', points: 10, replayed: false },
        { state: 'CAPTURED', points: 10, replayed: true },
      ],
      refusal: { status: 409, reason: 'INSUFFICIENT_POINTS', missingPoints: '30' },
      kinds: ['CAPTURE', 'EARN'],
      expiries: 0,
    });
  },
  patience(90_000),
);
