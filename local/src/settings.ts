import { join, resolve } from 'node:path';
import { port, readConfig } from '@loyalty/platform/config.ts';
import { z } from 'zod';
import { freePort } from './guarded-process.ts';

/** The project's top folder. */
export const root = join(import.meta.dirname, '../..');

const schema = z.object({
  DIRECTORY: z.string().default(join(root, '.local')),
  GATEWAY_PORT: port().default(8080),
  PROGRAMS_GRPC_PORT: port().default(50_051),
  PROGRAMS_HTTP_PORT: port().default(8081),
  LEDGER_GRPC_PORT: port().default(50_052),
  LEDGER_HTTP_PORT: port().default(8082),
});

export interface LocalPorts {
  gateway: number;
  programsGrpc: number;
  programsHttp: number;
  ledgerGrpc: number;
  ledgerHttp: number;
}

export interface LocalSettings {
  /** Where everything is kept that outlives a run. */
  directory: string;
  ports: LocalPorts;
}

/** The name of the setting that moves a service to another port. */
export const portSettings: Readonly<Record<keyof LocalPorts, string>> = {
  gateway: 'LOYALTY_LOCAL_GATEWAY_PORT',
  programsGrpc: 'LOYALTY_LOCAL_PROGRAMS_GRPC_PORT',
  programsHttp: 'LOYALTY_LOCAL_PROGRAMS_HTTP_PORT',
  ledgerGrpc: 'LOYALTY_LOCAL_LEDGER_GRPC_PORT',
  ledgerHttp: 'LOYALTY_LOCAL_LEDGER_HTTP_PORT',
};

/** @throws {ConfigError} naming every setting that is unknown or bad */
export async function readLocalSettings(env: NodeJS.ProcessEnv): Promise<LocalSettings> {
  const values = readConfig({ env, prefix: 'LOYALTY_LOCAL_', schema });
  // For 0 a service takes a free port as well, but then no one would know which.
  const chosen = (value: number) => (value === 0 ? freePort() : value);
  return {
    directory: resolve(values.DIRECTORY),
    ports: {
      gateway: await chosen(values.GATEWAY_PORT),
      programsGrpc: await chosen(values.PROGRAMS_GRPC_PORT),
      programsHttp: await chosen(values.PROGRAMS_HTTP_PORT),
      ledgerGrpc: await chosen(values.LEDGER_GRPC_PORT),
      ledgerHttp: await chosen(values.LEDGER_HTTP_PORT),
    },
  };
}
