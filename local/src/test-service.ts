// What the tests of services have in common: a configuration, tokens, and a process to run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import { defaultCallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import type { ServiceConfig, TokenConfig } from '@loyalty/platform/service-config.ts';
import { execute } from './test-environment.ts';

/** A new secret: what verifies tokens with it, and what signs them. */
export function testTokens() {
  const config = {
    issuer: 'https://issuer.test',
    audience: 'loyalty',
    secret: randomBytes(32).toString('base64url'),
    jwks: undefined,
  } satisfies TokenConfig;
  function tokenOf({
    role,
    subject = 'jane',
    programs,
  }: {
    role: Role;
    subject?: string;
    programs?: readonly string[] | undefined;
  }): Promise<string> {
    const { secret, issuer, audience } = config;
    return mintToken({
      secret,
      issuer,
      audience,
      subject,
      roles: [role],
      ...(programs !== undefined && { programs }),
      lifetimeSeconds: 3600,
    });
  }
  return { config, tokenOf };
}

/** What every service is configured with: free ports of this machine, no TLS, and limits that no test meets. */
export function testServiceConfig({
  databaseUrl,
  natsUrl,
  tokens,
}: {
  databaseUrl: string;
  natsUrl: string;
  tokens: TokenConfig;
}): ServiceConfig {
  return {
    host: '127.0.0.1',
    grpcPort: 0,
    httpPort: 0,
    management: { host: '127.0.0.1', port: 0 },
    tls: { server: undefined, upstream: undefined },
    database: { url: databaseUrl, poolSize: 10 },
    nats: { url: natsUrl, user: undefined, password: undefined },
    tokens,
    log: { level: 'silent', pretty: false },
    shutdownGraceMs: 1_000,
    callerLimits: defaultCallerLimits,
    // Tests ask for more at once than a person could.
    trustedCallers: ['127.0.0.1'],
  };
}

/** The settings that every service needs, by environment variables. There is no NATS unless it is given. */
export function testServiceEnvironment(
  prefix: string,
  { databaseUrl, natsUrl = 'nats://127.0.0.1:9' }: { databaseUrl: string; natsUrl?: string },
): Record<string, string> {
  const settings = {
    HOST: '127.0.0.1',
    GRPC_PORT: '0',
    HTTP_PORT: '0',
    MANAGEMENT_PORT: '0',
    DATABASE_URL: databaseUrl,
    NATS_URL: natsUrl,
    JWT_ISSUER: 'https://issuer.test',
    JWT_AUDIENCE: 'loyalty',
    JWT_SECRET: 'a secret of more than thirty-two bytes',
  };
  return Object.fromEntries(
    Object.entries(settings).map(([setting, value]) => [`${prefix}${setting}`, value]),
  );
}

/** Runs a main module as a process, with nothing in its environment but the settings. */
export function runMain(main: string, settings: Record<string, string>) {
  const { NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, [main], {
    env: { PATH: '/usr/bin:/bin', NODE_COMPILE_CACHE, ...settings },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (output.stdout += data));
  child.stderr.on('data', (data) => (output.stderr += data));
  return { child, output, exited: once(child, 'close').then(([code]) => code as number) };
}

/** Settings that every service refuses: for `test.each`, with the setting that the refusal must name. */
export function refusedSettings(prefix: string) {
  const refusals: { wrong: string; change: Record<string, string> }[] = [
    { wrong: 'no database', change: { DATABASE_URL: '' } },
    { wrong: 'no issuer', change: { JWT_ISSUER: '' } },
    { wrong: 'a port out of range', change: { GRPC_PORT: '70000' } },
    { wrong: 'a pool of none', change: { DATABASE_POOL_SIZE: '0' } },
    {
      wrong: 'a certificate that is not there',
      change: { TLS_CERTIFICATE_FILE: '/nowhere/tls.crt', TLS_KEY_FILE: '/nowhere/tls.key' },
    },
    { wrong: 'a secret of one letter', change: { JWT_SECRET: 'k'.repeat(64) } },
    { wrong: 'an unknown key', change: { GPRC_PORT: '1' } },
    { wrong: 'two keys for tokens', change: { JWT_JWKS: 'x' } },
  ];
  return refusals.map(({ wrong, change }) => {
    const settings = Object.entries(change).map(([name, value]) => [`${prefix}${name}`, value]);
    return { wrong, change: Object.fromEntries(settings), key: `${settings[0]?.[0]}` };
  });
}

/** Asserts that a process refuses its settings: one line that names the cause, and no other output. */
export async function expectRefusal(run: ReturnType<typeof runMain>, cause: string): Promise<void> {
  await expectMisconfigured(run, cause);
  assert.equal(run.output.stdout, '');
}

/** Asserts that a process refuses a database that a newer release has migrated. */
export async function expectNewerDatabaseRefused(
  databaseUrl: string,
  run: () => ReturnType<typeof runMain>,
): Promise<void> {
  const migration = '9999_later.sql';
  await execute(
    databaseUrl,
    `insert into knex_migrations (name, batch, migration_time) values ('${migration}', 99, now())`,
  );
  try {
    await expectMisconfigured(run(), migration);
  } finally {
    await execute(databaseUrl, `delete from knex_migrations where name = '${migration}'`);
  }
}

async function expectMisconfigured(
  { output, exited }: ReturnType<typeof runMain>,
  cause: string,
): Promise<void> {
  const code = await exited;
  assert.ok(output.stderr.includes(cause), `names no ${cause}: ${output.stderr}`);
  assert.equal(output.stderr.trimEnd().split('\n').length, 1, output.stderr);
  assert.equal(code, 78);
}
