import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDatabase } from '@loyalty/local/databases.ts';
import { unusedPort } from '@loyalty/local/free-port.ts';
import { environmentOfImage } from '@loyalty/local/image-environment.ts';
import { startNats } from '@loyalty/local/nats-server.ts';
import { root as ownRoot } from '@loyalty/local/settings.ts';
import type { BenchMachine } from './bench-machine.ts';
import { type ChildService, host, startChildService } from './child-service.ts';

export interface LoyaltyServices {
  readonly programs: ChildService;
  /** The one that runs at the moment. */
  readonly ledger: ChildService;
  readonly ledgerDatabaseUrl: string;
  readonly nats: { readonly url: string; readonly pid: number };
  /** Starts a gateway in front of them. */
  startGateway(): Promise<ChildService>;
  /** Ends the ledger and starts another one on the same database, which `meanwhile` has to itself. */
  restartLedger(meanwhile: () => Promise<void>): Promise<void>;
}

export interface LoyaltyServicesOptions {
  /** Distinguishes their databases and logs from those of others in the run. */
  name: string;
  /** The top of the project whose services these are; by default of the one that measures. */
  root?: string;
}

/** Starts the two services as they are run in production, on databases of their own and with their own nats-server. */
export async function startLoyaltyServices(
  machine: BenchMachine,
  { name, root = ownRoot }: LoyaltyServicesOptions,
): Promise<LoyaltyServices> {
  const database = (service: string) =>
    ensureDatabase(machine.postgres, `${service}-${name}`, { owner: service });
  const programsDatabaseUrl = await database('programs');
  const ledgerDatabaseUrl = await database('ledger');
  const natsDirectory = join(machine.directory, `nats-${name}`);
  const nats = await startNats({ directory: natsDirectory });
  machine.resources.defer(() => nats.stop());
  const common = (prefix: string) => commonSettings(prefix, { machine, natsUrl: nats.url });
  const ledgerPort = await unusedPort();
  const programs = await startChildService(machine, {
    name: `programs-${name}`,
    main: 'services/programs/src/main.ts',
    root,
    settings: ({ grpcPort, httpPort, managementPort }) => ({
      env: {
        ...common('PROGRAMS_'),
        PROGRAMS_GRPC_PORT: String(grpcPort),
        PROGRAMS_HTTP_PORT: String(httpPort),
        ...(managementPort !== undefined && {
          PROGRAMS_MANAGEMENT_PORT: String(managementPort),
        }),
        PROGRAMS_DATABASE_URL: programsDatabaseUrl,
        PROGRAMS_LEDGER_ADDRESS: `${host}:${ledgerPort}`,
      },
    }),
  });
  const startLedger = () =>
    startChildService(machine, {
      name: `ledger-${name}`,
      main: 'services/ledger/src/main.ts',
      root,
      grpcPort: ledgerPort,
      settings: ({ grpcPort, httpPort, managementPort }) => ({
        env: {
          ...environmentOfImage(root, 'ledger'),
          ...common('LEDGER_'),
          LEDGER_GRPC_PORT: String(grpcPort),
          LEDGER_HTTP_PORT: String(httpPort),
          ...(managementPort !== undefined && {
            LEDGER_MANAGEMENT_PORT: String(managementPort),
          }),
          LEDGER_DATABASE_URL: ledgerDatabaseUrl,
          LEDGER_PROGRAMS_ADDRESS: programs.address,
        },
      }),
    });
  const startGateway = () =>
    startChildService(machine, {
      name: `gateway-${name}`,
      main: 'gateway/src/main.ts',
      root,
      settings: ({ httpPort, managementPort }) => ({
        env: {
          ...environmentOfImage(root, 'gateway'),
          ...tokenSettings('GATEWAY_', machine),
          GATEWAY_PORT: String(httpPort),
          ...(managementPort !== undefined && {
            GATEWAY_MANAGEMENT_PORT: String(managementPort),
          }),
          GATEWAY_PROGRAMS_ADDRESS: programs.address,
          GATEWAY_LEDGER_ADDRESS: ledger.address,
        },
      }),
    });
  let ledger = await startLedger();
  return {
    programs,
    get ledger() {
      return ledger;
    },
    ledgerDatabaseUrl,
    nats: { url: nats.url, pid: Number(readFileSync(join(natsDirectory, 'nats.pid'), 'utf8')) },
    startGateway,
    async restartLedger(meanwhile) {
      await ledger.stop();
      await meanwhile();
      ledger = await startLedger();
    },
  };
}

function commonSettings(
  prefix: string,
  { machine, natsUrl }: { machine: BenchMachine; natsUrl: string },
): Record<string, string> {
  return { ...tokenSettings(prefix, machine), [`${prefix}NATS_URL`]: natsUrl };
}

function tokenSettings(prefix: string, { tokens }: BenchMachine): Record<string, string> {
  return {
    [`${prefix}HOST`]: host,
    [`${prefix}JWT_ISSUER`]: tokens.issuer,
    [`${prefix}JWT_AUDIENCE`]: tokens.audience,
    [`${prefix}JWT_SECRET`]: tokens.secret,
    [`${prefix}SHUTDOWN_GRACE_SECONDS`]: '5',
  };
}
