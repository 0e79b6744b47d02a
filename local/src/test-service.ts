// What the tests of services have in common: a configuration, and a process to run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { defaultCallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import type { ServiceConfig, TokenConfig } from '@loyalty/platform/service-config.ts';

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
