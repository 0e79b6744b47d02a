import { join, resolve } from 'node:path';
import { file, port, readConfig } from '@loyalty/platform/config.ts';
import { z } from 'zod';
import { unusedPort } from './free-port.ts';

/** The project's top folder. */
export const root = join(import.meta.dirname, '../..');

const portOf = (what: string, preset: number) =>
  port().default(preset).describe(`the port of ${what}; 0 takes a free one`);

export const localPrefix = 'LOYALTY_LOCAL_';

/** Keyed by the names of environment variables behind {@link localPrefix}. */
export const localSettings = z.object({
  DIRECTORY: file()
    .default(join(root, '.local'))
    .describe('the folder for all that outlives a run'),
  GATEWAY_PORT: portOf('the gateway', 8080),
  GATEWAY_MANAGEMENT_PORT: portOf("the gateway's probes and metrics", 9090),
  PROGRAMS_GRPC_PORT: portOf('Programs for gRPC', 50_051),
  PROGRAMS_HTTP_PORT: portOf('Programs for Connect', 8081),
  PROGRAMS_MANAGEMENT_PORT: portOf("Programs' probes and metrics", 9091),
  LEDGER_GRPC_PORT: portOf('the ledger for gRPC', 50_052),
  LEDGER_HTTP_PORT: portOf('the ledger for Connect', 8082),
  LEDGER_MANAGEMENT_PORT: portOf("the ledger's probes and metrics", 9092),
  WEBHOOKS_GRPC_PORT: portOf('Webhooks for gRPC', 50_053),
  WEBHOOKS_HTTP_PORT: portOf('Webhooks for Connect', 8083),
  WEBHOOKS_MANAGEMENT_PORT: portOf("Webhooks' probes and metrics", 9093),
});

export interface LocalPorts {
  gateway: number;
  gatewayManagement: number;
  programsGrpc: number;
  programsHttp: number;
  programsManagement: number;
  ledgerGrpc: number;
  ledgerHttp: number;
  ledgerManagement: number;
  webhooksGrpc: number;
  webhooksHttp: number;
  webhooksManagement: number;
}

export interface LocalSettings {
  /** Where everything is kept that outlives a run. */
  directory: string;
  ports: LocalPorts;
}

/** The name of the setting that moves a service to another port. */
export const portSettings: Readonly<Record<keyof LocalPorts, string>> = {
  gateway: 'LOYALTY_LOCAL_GATEWAY_PORT',
  gatewayManagement: 'LOYALTY_LOCAL_GATEWAY_MANAGEMENT_PORT',
  programsGrpc: 'LOYALTY_LOCAL_PROGRAMS_GRPC_PORT',
  programsHttp: 'LOYALTY_LOCAL_PROGRAMS_HTTP_PORT',
  programsManagement: 'LOYALTY_LOCAL_PROGRAMS_MANAGEMENT_PORT',
  ledgerGrpc: 'LOYALTY_LOCAL_LEDGER_GRPC_PORT',
  ledgerHttp: 'LOYALTY_LOCAL_LEDGER_HTTP_PORT',
  ledgerManagement: 'LOYALTY_LOCAL_LEDGER_MANAGEMENT_PORT',
  webhooksGrpc: 'LOYALTY_LOCAL_WEBHOOKS_GRPC_PORT',
  webhooksHttp: 'LOYALTY_LOCAL_WEBHOOKS_HTTP_PORT',
  webhooksManagement: 'LOYALTY_LOCAL_WEBHOOKS_MANAGEMENT_PORT',
};

/** @throws {ConfigError} naming every setting that is unknown or bad */
export async function readLocalSettings(env: NodeJS.ProcessEnv): Promise<LocalSettings> {
  const values = readConfig({ env, prefix: localPrefix, schema: localSettings });
  // For 0 a service takes a free port as well, but then no one would know which.
  const chosen = (value: number) => (value === 0 ? unusedPort() : value);
  return {
    directory: resolve(values.DIRECTORY),
    ports: {
      gateway: await chosen(values.GATEWAY_PORT),
      gatewayManagement: await chosen(values.GATEWAY_MANAGEMENT_PORT),
      programsGrpc: await chosen(values.PROGRAMS_GRPC_PORT),
      programsHttp: await chosen(values.PROGRAMS_HTTP_PORT),
      programsManagement: await chosen(values.PROGRAMS_MANAGEMENT_PORT),
      ledgerGrpc: await chosen(values.LEDGER_GRPC_PORT),
      ledgerHttp: await chosen(values.LEDGER_HTTP_PORT),
      ledgerManagement: await chosen(values.LEDGER_MANAGEMENT_PORT),
      webhooksGrpc: await chosen(values.WEBHOOKS_GRPC_PORT),
      webhooksHttp: await chosen(values.WEBHOOKS_HTTP_PORT),
      webhooksManagement: await chosen(values.WEBHOOKS_MANAGEMENT_PORT),
    },
  };
}
