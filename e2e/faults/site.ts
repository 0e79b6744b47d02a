// A platform for one trial: servers and services as processes that can be killed one by one, and thrown away afterwards.
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ensureDatabase } from '@loyalty/local/databases.ts';
import { unusedPort } from '@loyalty/local/free-port.ts';
import { mintToken } from '@loyalty/platform/auth/mint.ts';
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { connectNats, type Nats } from '@loyalty/platform/messaging/connection.ts';
import { type Channel, createChannel } from '@loyalty/platform/rpc/client.ts';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
} from '@loyalty/proto/health/v1/health_pb.ts';
import pg from 'pg';
import { awaitCondition } from './patience.ts';
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts';
import { createProcess, type FaultyProcess } from './process.ts';
import {
  type FaultyNats,
  type FaultyPostgres,
  startFaultyNats,
  startFaultyPostgres,
} from './servers.ts';

/** A service with a gRPC port. */
export interface Service {
  readonly process: FaultyProcess;
  /** `host:port` */
  readonly address: string;
  /** Starts it and waits until it is ready. */
  start(): Promise<void>;
}

/** A service whose way to PostgreSQL can be cut. */
export interface ProxiedService extends Service {
  readonly proxy: PostgresProxy;
}

export type Ledger = ProxiedService;

export interface Webhooks extends ProxiedService {
  /** Runs statements in its database, as its superuser. */
  execute: Site['execute'];
}

export interface SiteOptions {
  /** How many ledgers there are; one by default. */
  ledgers?: number;
  gateway?: boolean;
  webhooks?: boolean;
  /** Settings of the ledgers besides those that every site has. */
  ledgerEnv?: Readonly<Record<string, string>>;
}

export interface Site {
  readonly postgres: FaultyPostgres;
  readonly natsServer: FaultyNats;
  /** A connection of the test's own. */
  readonly nats: Nats;
  readonly programs: Service;
  readonly ledgers: readonly [Ledger, ...Ledger[]];
  /** Only where it was asked for. */
  readonly gatewayUrl: string;
  /** Only where it was asked for. */
  readonly webhooks: Webhooks | undefined;
  readonly ledgerDatabaseUrl: string;
  token(role: Role): Promise<string>;
  /** Runs statements in the ledger's database, as its superuser. */
  execute<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const readyMs = 60_000;
const tokens = { issuer: 'loyalty-faults', audience: 'loyalty' };
export const graceSeconds = 5;

/** Starts all of it. What it has started so far ends with the stack, also if it fails. */
export async function startSite(options: SiteOptions): Promise<Site> {
  await using starting = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'loyalty-faults-'));
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', remove);
  starting.defer(() => {
    process.off('exit', remove);
    remove();
  });
  // PostgreSQL may run under another account, which must come through.
  await chmod(directory, 0o711);
  const [postgres, natsServer] = await Promise.all([
    startFaultyPostgres(join(directory, 'postgres')),
    startFaultyNats(join(directory, 'nats')),
  ]);
  starting.defer(() => postgres.stop());
  starting.defer(() => natsServer.stop());
  const natsUrl = `nats://${host}:${natsServer.port}`;
  const nats = connectNats({ url: natsUrl, name: 'faults', logger });
  starting.defer(() => nats.close());
  const programsUrl = await ensureDatabase(postgres, 'programs');
  const ledgerUrl = await ensureDatabase(postgres, 'ledger');
  const execute: Site['execute'] = (sql, values) => executeAt(postgres.url('ledger'), sql, values);

  const secret = randomBytes(32).toString('hex');
  const context: Context = { directory, natsUrl, secret, starting };
  const programsPort = await unusedPort();
  const ledgerPorts = await Promise.all(
    Array.from({ length: options.ledgers ?? 1 }, () => unusedPort()),
  );
  const programs = service(context, {
    name: 'programs',
    port: programsPort,
    env: {
      PROGRAMS_DATABASE_URL: programsUrl,
      PROGRAMS_LEDGER_ADDRESS: `${host}:${ledgerPorts[0]}`,
    },
  });
  const ledgers = await Promise.all(
    ledgerPorts.map((port, index) =>
      proxied(context, {
        name: `ledger-${index}`,
        port,
        postgres,
        databaseUrl: ledgerUrl,
        env: { ...options.ledgerEnv, LEDGER_PROGRAMS_ADDRESS: programs.address },
      }),
    ),
  );
  await Promise.all([programs, ...ledgers].map((each) => each.start()));
  const gatewayUrl = options.gateway
    ? await startGateway(context, { programs, ledger: ledgers[0] as Ledger })
    : '';
  const webhooks = options.webhooks
    ? await startWebhooks(context, { postgres, ledger: ledgers[0] as Ledger })
    : undefined;
  const resources = starting.move();
  return {
    postgres,
    natsServer,
    nats,
    programs,
    ledgers: ledgers as [Ledger, ...Ledger[]],
    gatewayUrl,
    webhooks,
    ledgerDatabaseUrl: ledgerUrl,
    token: (role) =>
      mintToken({
        ...tokens,
        secret,
        subject: `faults-${role}`,
        roles: [role],
        lifetimeSeconds: 86_400,
      }),
    execute,
    close: () => resources.disposeAsync(),
  };
}

export const logger = createLogger({ name: 'faults', level: 'silent' });

/** What the services of a site have in common. */
interface Context {
  readonly directory: string;
  readonly natsUrl: string;
  readonly secret: string;
  readonly starting: AsyncDisposableStack;
}

interface ServiceOptions {
  /** Its kind, and a number where there are several. */
  name: string;
  port: number;
  env: Readonly<Record<string, string>>;
}

function kindOf(name: string): string {
  return name.split('-')[0] ?? name;
}

function prefixOf(name: string): string {
  return `${kindOf(name).toUpperCase()}_`;
}

function service(context: Context, { name, port, env }: ServiceOptions): Service {
  const kind = kindOf(name);
  const prefix = prefixOf(name);
  const process = createProcess({
    name,
    main: `services/${kind}/src/main.ts`,
    logFile: join(context.directory, `${name}.log`),
    env: {
      ...commonEnv(context, prefix),
      [`${prefix}GRPC_PORT`]: String(port),
      [`${prefix}HTTP_PORT`]: '0',
      [`${prefix}NATS_URL`]: context.natsUrl,
      // One client makes all the load, which isn't what limits of callers are for.
      [`${prefix}TRUSTED_CALLERS`]: host,
      ...env,
    },
  });
  context.starting.defer(() => process.kill());
  const address = `${host}:${port}`;
  return {
    process,
    address,
    async start() {
      process.start();
      await ready({ process, address });
    },
  };
}

async function proxied(
  context: Context,
  options: ServiceOptions & { postgres: FaultyPostgres; databaseUrl: string },
): Promise<ProxiedService> {
  const proxy = await startPostgresProxy(options.postgres.port);
  context.starting.defer(() => proxy.close());
  const url = new URL(options.databaseUrl);
  url.port = String(proxy.port);
  const env = { ...options.env, [`${prefixOf(options.name)}DATABASE_URL`]: url.href };
  return { ...service(context, { ...options, env }), proxy };
}

async function startWebhooks(
  context: Context,
  { postgres, ledger }: { postgres: FaultyPostgres; ledger: Ledger },
): Promise<Webhooks> {
  const webhooks = await proxied(context, {
    name: 'webhooks',
    port: await unusedPort(),
    postgres,
    databaseUrl: await ensureDatabase(postgres, 'webhooks'),
    env: {
      WEBHOOKS_LEDGER_ADDRESS: ledger.address,
      WEBHOOKS_ALLOW_PRIVATE_ADDRESSES: 'true',
      WEBHOOKS_TIMEOUT_SECONDS: '2',
    },
  });
  await webhooks.start();
  return {
    ...webhooks,
    execute: (sql, values) => executeAt(postgres.url('webhooks'), sql, values),
  };
}

async function startGateway(
  context: Context,
  { programs, ledger }: { programs: Service; ledger: Service },
): Promise<string> {
  const port = await unusedPort();
  const process = createProcess({
    name: 'gateway',
    main: 'gateway/src/main.ts',
    logFile: join(context.directory, 'gateway.log'),
    env: {
      ...commonEnv(context, 'GATEWAY_'),
      GATEWAY_PORT: String(port),
      GATEWAY_PROGRAMS_ADDRESS: programs.address,
      GATEWAY_LEDGER_ADDRESS: ledger.address,
    },
  });
  context.starting.defer(() => process.kill());
  process.start();
  const url = `http://${host}:${port}`;
  await awaitCondition('the gateway', async () => (await fetch(`${url}/v1/programs`)).status, {
    satisfies: (status) => status === 401,
    limitMs: readyMs,
  });
  return url;
}

function commonEnv({ secret }: Context, prefix: string): Record<string, string> {
  return {
    [`${prefix}HOST`]: host,
    [`${prefix}MANAGEMENT_PORT`]: '0',
    [`${prefix}JWT_ISSUER`]: tokens.issuer,
    [`${prefix}JWT_AUDIENCE`]: tokens.audience,
    [`${prefix}JWT_SECRET`]: secret,
    [`${prefix}LOG_LEVEL`]: 'warn',
    [`${prefix}SHUTDOWN_GRACE_SECONDS`]: String(graceSeconds),
  };
}

async function ready({ process, address }: Pick<Service, 'process' | 'address'>): Promise<void> {
  const channel = createChannel({ address, services: [] });
  try {
    await awaitCondition(process.name, () => healthOf(channel), {
      satisfies: (status) => status === HealthCheckResponse_ServingStatus.SERVING,
      limitMs: readyMs,
    });
  } catch (error) {
    throw new Error(`${process.name} is not ready:\n${process.lastLines()}`, { cause: error });
  } finally {
    channel.close();
  }
}

/** By hand, because a client needs a service whose methods are all unary. */
function healthOf({ grpc }: Channel): Promise<HealthCheckResponse['status']> {
  return new Promise((resolve, reject) => {
    grpc.makeUnaryRequest(
      `/${Health.typeName}/${Health.method.check.name}`,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => fromBinary(HealthCheckResponseSchema, bytes),
      Buffer.alloc(0),
      { deadline: Date.now() + 1_000 },
      (error, response) => (error === null ? resolve(response?.status ?? 0) : reject(error)),
    );
  });
}

async function executeAt<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
