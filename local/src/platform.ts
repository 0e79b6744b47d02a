import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import type { DataDirectory } from './data-directory.ts';
import { ensureDatabase } from './databases.ts';
import { isFree } from './free-port.ts';
import { type NatsServer, startNatsWithAccounts } from './nats-server.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { withProgress } from './progress.ts';
import { ensureSamplePrograms } from './sample-programs.ts';
import { type Services, startServices } from './services.ts';
import type { LocalPorts } from './settings.ts';
import { welcome } from './welcome.ts';

const host = '127.0.0.1';
const issuer = 'loyalty-local';
const audience = 'loyalty';
const tokenLifetimeSeconds = 24 * 60 * 60;

/** What runs so far; grows while the platform starts, so that it can be stopped at any moment. */
export interface Platform {
  postgres?: PostgresServer;
  nats?: NatsServer;
  services?: Services;
}

export interface PlatformOptions {
  platform: Platform;
  data: DataDirectory;
  ports: LocalPorts;
  /** Nothing more is started when it is aborted. */
  stopping: AbortSignal;
  print: (line: string) => void;
}

/** Starts everything, and returns the text to print then. */
export async function startPlatform(options: PlatformOptions): Promise<string> {
  const { platform, data, ports, stopping, print } = options;
  print('Starting PostgreSQL and NATS …');
  const servers = await startServers(platform, data);
  if (servers.natsProblem !== undefined) print(`Warning: ${servers.natsProblem}`);
  stopping.throwIfAborted();

  print('Starting programs, ledger, webhooks and gateway …');
  const tokens = { secret: data.secret(), issuer, audience };
  const logDirectory = data.path('logs');
  const services = startServices({ ...servers, ports, tokens, logDirectory, print });
  platform.services = services;
  await withProgress('The services are starting', () => services.ready());

  const token = (role: Role, subject: string) =>
    mintToken({ ...tokens, subject, roles: [role], lifetimeSeconds: tokenLifetimeSeconds });
  const gatewayUrl = `http://${host}:${ports.gateway}`;
  const adminToken = await token('admin', 'local-admin');
  await withProgress('The sample programs are being created', () =>
    ensureSamplePrograms({ url: gatewayUrl, adminToken }),
  );

  data.writeEnv({
    LOYALTY_URL: gatewayUrl,
    LOYALTY_ADMIN_TOKEN: adminToken,
    LOYALTY_SERVICE_TOKEN: await token('service', 'local-shop'),
    LOYALTY_MEMBER_TOKEN: await token('member', 'alice'),
    LOYALTY_PROGRAMS_GRPC: `${host}:${ports.programsGrpc}`,
    LOYALTY_LEDGER_GRPC: `${host}:${ports.ledgerGrpc}`,
    LOYALTY_WEBHOOKS_GRPC: `${host}:${ports.webhooksGrpc}`,
    LOYALTY_JWT_SECRET: tokens.secret,
    LOYALTY_JWT_ISSUER: issuer,
    LOYALTY_JWT_AUDIENCE: audience,
    NATS_URL: servers.natsUrls.producer,
    NATS_CONSUMER_URL: servers.natsUrls.consumer,
    NATS_OPERATOR_URL: servers.natsUrls.operator,
    PROGRAMS_DATABASE_URL: servers.databases.programs,
    LEDGER_DATABASE_URL: servers.databases.ledger,
    WEBHOOKS_DATABASE_URL: servers.databases.webhooks,
  });
  return welcome({
    envFile: data.path('env'),
    logDirectory,
    gatewayUrl,
    programs: {
      grpc: `${host}:${ports.programsGrpc}`,
      http: `http://${host}:${ports.programsHttp}`,
    },
    ledger: { grpc: `${host}:${ports.ledgerGrpc}`, http: `http://${host}:${ports.ledgerHttp}` },
    webhooks: {
      grpc: `${host}:${ports.webhooksGrpc}`,
      http: `http://${host}:${ports.webhooksHttp}`,
    },
    management: {
      gateway: `http://${host}:${ports.gatewayManagement}`,
      programs: `http://${host}:${ports.programsManagement}`,
      ledger: `http://${host}:${ports.ledgerManagement}`,
      webhooks: `http://${host}:${ports.webhooksManagement}`,
    },
    databases: servers.databases,
    natsUrl: servers.natsUrls.producer,
  });
}

/** Ends what runs, those first that need the others. What they have stored stays. */
export async function stopPlatform({ services, postgres, nats }: Platform): Promise<void> {
  await services?.stop();
  await Promise.all([nats?.stop(), postgres?.stop()]);
}

async function startServers(platform: Platform, data: DataDirectory) {
  // The ports of the last run are used again if they are free, so that a shell with its addresses keeps working.
  const last = data.readEnv();
  const [postgresPort, natsPort] = await Promise.all([
    reusablePort(last['PROGRAMS_DATABASE_URL']),
    reusablePort(last['NATS_URL']),
  ]);
  const starting = await Promise.allSettled([
    startPostgres({ directory: data.path('postgres'), ...postgresPort }),
    startNatsWithAccounts({ directory: data.path('nats'), ...natsPort }),
  ]);
  const [postgres, nats] = starting;
  if (postgres.status === 'fulfilled') platform.postgres = postgres.value;
  if (nats.status === 'fulfilled') platform.nats = nats.value;
  if (postgres.status === 'rejected') throw postgres.reason;
  if (nats.status === 'rejected') throw nats.reason;
  return {
    databases: {
      programs: await ensureDatabase(postgres.value, 'programs'),
      ledger: await ensureDatabase(postgres.value, 'ledger'),
      webhooks: await ensureDatabase(postgres.value, 'webhooks'),
    },
    natsProblem: nats.value.versionProblem,
    natsUrls: {
      operator: nats.value.urlOf('operator'),
      programs: nats.value.urlOf('programs'),
      ledger: nats.value.urlOf('ledger'),
      webhooks: nats.value.urlOf('webhooks'),
      producer: nats.value.urlOf('producer'),
      consumer: nats.value.urlOf('consumer'),
    },
  };
}

async function reusablePort(url: string | undefined): Promise<{ port?: number }> {
  const port = Number(URL.parse(url ?? '')?.port);
  return port > 0 && (await isFree(port)) ? { port } : {};
}
