import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOfImage } from './image-environment.ts';
import { createServiceLog, type ServiceLog } from './service-log.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { type LocalPorts, root } from './settings.ts';

export interface ServicesOptions {
  ports: LocalPorts;
  databases: { programs: string; ledger: string; webhooks: string };
  natsUrls: { programs: string; ledger: string; webhooks: string };
  tokens: { secret: string; issuer: string; audience: string };
  logDirectory: string;
  print: (line: string) => void;
}

export interface Services {
  /** Resolves when all of them are ready; rejects when one can't be started. */
  ready(): Promise<void>;
  /** Rejects when one can't be kept running. */
  readonly failed: Promise<never>;
  /** Ends them one after the other, from the gateway inwards. */
  stop(): Promise<void>;
  kill(): void;
}

const host = '127.0.0.1';

/** Starts the processes of the platform, all at once: each waits by itself for what it needs. */
export function startServices(options: ServicesOptions): Services {
  const { ports, logDirectory } = options;
  mkdirSync(logDirectory, { recursive: true });
  const logs: ServiceLog[] = [];
  const start = (
    name: string,
    main: string,
    managementPort: number,
    env: Record<string, string>,
  ) => {
    const file = join(logDirectory, `${name}.log`);
    const log = createServiceLog({ name, file, show: options.print });
    logs.push(log);
    return startService({
      name,
      main,
      managementPort,
      env: { ...env, ...environmentOfImage(root, name) },
      log,
      print: options.print,
    });
  };
  const programs = start('programs', 'services/programs/src/main.ts', ports.programsManagement, {
    ...common('PROGRAMS_', options),
    PROGRAMS_GRPC_PORT: String(ports.programsGrpc),
    PROGRAMS_HTTP_PORT: String(ports.programsHttp),
    PROGRAMS_MANAGEMENT_PORT: String(ports.programsManagement),
    // The gateway, which has counted its callers.
    PROGRAMS_TRUSTED_CALLERS: host,
    PROGRAMS_DATABASE_URL: options.databases.programs,
    PROGRAMS_NATS_URL: options.natsUrls.programs,
    PROGRAMS_LEDGER_ADDRESS: `${host}:${ports.ledgerGrpc}`,
  });
  const ledger = start('ledger', 'services/ledger/src/main.ts', ports.ledgerManagement, {
    ...common('LEDGER_', options),
    LEDGER_GRPC_PORT: String(ports.ledgerGrpc),
    LEDGER_HTTP_PORT: String(ports.ledgerHttp),
    LEDGER_MANAGEMENT_PORT: String(ports.ledgerManagement),
    LEDGER_TRUSTED_CALLERS: host,
    LEDGER_DATABASE_URL: options.databases.ledger,
    LEDGER_NATS_URL: options.natsUrls.ledger,
    LEDGER_PROGRAMS_ADDRESS: `${host}:${ports.programsGrpc}`,
  });
  const webhooks = start('webhooks', 'services/webhooks/src/main.ts', ports.webhooksManagement, {
    ...common('WEBHOOKS_', options),
    WEBHOOKS_GRPC_PORT: String(ports.webhooksGrpc),
    WEBHOOKS_HTTP_PORT: String(ports.webhooksHttp),
    WEBHOOKS_MANAGEMENT_PORT: String(ports.webhooksManagement),
    WEBHOOKS_TRUSTED_CALLERS: host,
    WEBHOOKS_DATABASE_URL: options.databases.webhooks,
    WEBHOOKS_NATS_URL: options.natsUrls.webhooks,
    WEBHOOKS_LEDGER_ADDRESS: `${host}:${ports.ledgerGrpc}`,
    // A developer's endpoints are on this machine.
    WEBHOOKS_ALLOW_PRIVATE_ADDRESSES: 'true',
  });
  const gateway = start('gateway', 'gateway/src/main.ts', ports.gatewayManagement, {
    ...common('GATEWAY_', options),
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_MANAGEMENT_PORT: String(ports.gatewayManagement),
    GATEWAY_PROGRAMS_ADDRESS: `${host}:${ports.programsGrpc}`,
    GATEWAY_LEDGER_ADDRESS: `${host}:${ports.ledgerGrpc}`,
    GATEWAY_WEBHOOKS_ADDRESS: `${host}:${ports.webhooksGrpc}`,
  });
  const inOrder: readonly ServiceProcess[] = [gateway, webhooks, ledger, programs];
  const failed = Promise.race(inOrder.map((service) => service.failed));
  // It may reject before anything listens.
  failed.catch(() => undefined);
  return {
    async ready() {
      await Promise.all(inOrder.map((service) => service.ready()));
    },
    failed,
    async stop() {
      // What they say of each other's end is no news.
      for (const log of logs) log.setVisible(false);
      for (const service of inOrder) await service.stop();
    },
    kill() {
      for (const service of inOrder) service.kill();
    },
  };
}

function common(prefix: string, { tokens }: ServicesOptions): Record<string, string> {
  return {
    [`${prefix}HOST`]: host,
    [`${prefix}JWT_ISSUER`]: tokens.issuer,
    [`${prefix}JWT_AUDIENCE`]: tokens.audience,
    [`${prefix}JWT_SECRET`]: tokens.secret,
    [`${prefix}SHUTDOWN_GRACE_SECONDS`]: '5',
  };
}
