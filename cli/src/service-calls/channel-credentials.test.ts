import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestAuthority, type TestAuthority } from '@loyalty/local/test-certificates.ts';
import { createTokenVerifier } from '@loyalty/platform/auth/tokens.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { createRpcServer } from '@loyalty/platform/rpc/server.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { watchCertificates } from '@loyalty/platform/tls/certificates.ts';
import { openPrograms } from '../import/programs-client.ts';
import { readChannelCredentials } from './channel-credentials.ts';

const free = { host: '127.0.0.1', port: 0 };
const logger = createLogger({ name: 'test', level: 'silent' });
const stops: (() => unknown)[] = [];
let directory: string;
let authority: TestAuthority;
let env: Record<string, string>;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty-cli-'));
  authority = await createTestAuthority('platform');
  const { certificate, key } = await authority.issue();
  env = {
    LOYALTY_CA_FILE: await write('ca', authority.ca),
    LOYALTY_CERTIFICATE_FILE: await write('certificate', certificate),
    LOYALTY_KEY_FILE: await write('key', key),
  };
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
  await rm(directory, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** A server that asks for certificates, and has no services. */
async function startServer(): Promise<string> {
  const file = (setting: string) => ({ setting, path: env[setting] ?? '' });
  const tls = await watchCertificates(
    {
      identity: { certificate: file('LOYALTY_CERTIFICATE_FILE'), key: file('LOYALTY_KEY_FILE') },
      ca: file('LOYALTY_CA_FILE'),
    },
    { logger },
  );
  stops.push(() => tls.close());
  const server = createRpcServer({
    name: 'test',
    logger,
    verifier: createTokenVerifier({
      issuer: 'test',
      audience: 'test',
      secret: 'a secret that only these tests share',
    }),
    services: [],
    grpc: free,
    http: free,
    management: free,
    tls,
    readiness: () => Promise.resolve(),
    defaultDeadlineMs: 10_000,
    metrics: createRegistry({ service: 'test' }),
  });
  const { grpcPort } = await server.start();
  stops.push(() => server.stop(0));
  return `127.0.0.1:${grpcPort}`;
}

async function reasonOfCall(address: string, settings: Record<string, string>): Promise<unknown> {
  const credentials = await readChannelCredentials(settings);
  const programs = openPrograms({ address, credentials, token: 'none', programId: 'p' });
  stops.push(() => programs.close());
  return programs.program().catch((error: { reason?: string }) => error.reason);
}

test('the services are called with the certificate that the environment names', async () => {
  const address = await startServer();
  expect(await reasonOfCall(address, env)).toBe('NOT_IMPLEMENTED');
  const { LOYALTY_CA_FILE = '' } = env;
  expect(await reasonOfCall(address, { LOYALTY_CA_FILE })).toBe('SERVICE_UNAVAILABLE');
  expect(await reasonOfCall(address, {})).toBe('SERVICE_UNAVAILABLE');
});

test.each([
  ['LOYALTY_KEY_FILE', { LOYALTY_KEY_FILE: '' }],
  ['LOYALTY_CERTIFICATE_FILE', { LOYALTY_CERTIFICATE_FILE: '' }],
  ['LOYALTY_CA_FILE', { LOYALTY_CA_FILE: '' }],
  ['LOYALTY_CA_FILE names a file', { LOYALTY_CA_FILE: '/nowhere/ca.crt' }],
])('the command ends when %s is missing', async (message, change) => {
  await expect(readChannelCredentials({ ...env, ...change })).rejects.toThrow(message);
});
