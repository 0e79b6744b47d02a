import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOfImage } from './image-environment.ts';
import { createServiceLog, type ServiceLog } from './service-log.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { type LocalPorts, root } from './settings.ts';

/** Has a gRPC port, a database and a NATS user. */
type RpcService = 'programs' | 'ledger' | 'webhooks';

export interface ServicesOptions {
  ports: LocalPorts;
  databases: Readonly<Record<RpcService, string>>;
  natsUrls: Readonly<Record<RpcService, string>>;
  tokens: { secret: string; issuer: string; audience: string };
  logDirectory: string;
  print: (line: string) => void;
}

export interface Services {
  /** Resolves when all of them are ready; rejects when one can't be started. */
  ready(): Promise<void>;
  /** Rejects when one can't be kept running. */
  readonly failed: Promise<never>;
  /** Ends them one after the other, callers first. */
  stop(): Promise<void>;
  kill(): void;
}

const host = '127.0.0.1';

/** Starts the processes of the platform, all at once: each waits by itself for what it needs. */
export function startServices(options: ServicesOptions): Services {
  const { ports, logDirectory, print } = options;
  mkdirSync(logDirectory, { recursive: true });
  const logs: ServiceLog[] = [];
  const start = (name: RpcService | 'gateway', settings: Record<string, string>) => {
    const file = join(logDirectory, `${name}.log`);
    const log = createServiceLog({ name, file, show: print });
    logs.push(log);
    return startService({
      name,
      main: name === 'gateway' ? 'gateway/src/main.ts' : `services/${name}/src/main.ts`,
      managementPort: ports[`${name}Management`],
      env: { ...commonSettings(name, options), ...settings, ...environmentOfImage(root, name) },
      log,
      print,
    });
  };
  const addressOf = (name: RpcService) => `${host}:${ports[`${name}Grpc`]}`;
  const programs = start('programs', {
    ...rpcSettings('programs', options),
    PROGRAMS_LEDGER_ADDRESS: addressOf('ledger'),
  });
  const ledger = start('ledger', {
    ...rpcSettings('ledger', options),
    LEDGER_PROGRAMS_ADDRESS: addressOf('programs'),
  });
  const webhooks = start('webhooks', {
    ...rpcSettings('webhooks', options),
    WEBHOOKS_LEDGER_ADDRESS: addressOf('ledger'),
    // A developer's endpoints are on this machine.
    WEBHOOKS_ALLOW_PRIVATE_ADDRESSES: 'true',
  });
  const gateway = start('gateway', {
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_PROGRAMS_ADDRESS: addressOf('programs'),
    GATEWAY_LEDGER_ADDRESS: addressOf('ledger'),
    GATEWAY_WEBHOOKS_ADDRESS: addressOf('webhooks'),
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
      // Warnings about each other's end would be noise.
      for (const log of logs) log.setVisible(false);
      for (const service of inOrder) await service.stop();
    },
    kill() {
      for (const service of inOrder) service.kill();
    },
  };
}

function commonSettings(
  name: RpcService | 'gateway',
  { ports, tokens }: ServicesOptions,
): Record<string, string> {
  const prefix = `${name.toUpperCase()}_`;
  return {
    [`${prefix}HOST`]: host,
    [`${prefix}MANAGEMENT_PORT`]: String(ports[`${name}Management`]),
    [`${prefix}JWT_ISSUER`]: tokens.issuer,
    [`${prefix}JWT_AUDIENCE`]: tokens.audience,
    [`${prefix}JWT_SECRET`]: tokens.secret,
    [`${prefix}SHUTDOWN_GRACE_SECONDS`]: '5',
  };
}

function rpcSettings(
  name: RpcService,
  { ports, databases, natsUrls }: ServicesOptions,
): Record<string, string> {
  const prefix = `${name.toUpperCase()}_`;
  return {
    [`${prefix}GRPC_PORT`]: String(ports[`${name}Grpc`]),
    [`${prefix}HTTP_PORT`]: String(ports[`${name}Http`]),
    // The gateway, which has counted its callers.
    [`${prefix}TRUSTED_CALLERS`]: host,
    [`${prefix}DATABASE_URL`]: databases[name],
    [`${prefix}NATS_URL`]: natsUrls[name],
  };
}
