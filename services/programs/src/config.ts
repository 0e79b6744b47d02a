import { readConfig } from '@loyalty/platform/config.ts';
import {
  type ServiceConfig,
  serviceConfig,
  serviceSettings,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';

const prefix = 'PROGRAMS_';

const schema = z.object({
  ...serviceSettings({
    grpcPort: 50_051,
    httpPort: 8081,
    managementPort: 9091,
    database: 'programs',
  }),
  LEDGER_ADDRESS: z.string().min(1).describe('such as ledger:50052'),
});

export interface ProgramsConfig extends ServiceConfig {
  readonly ledger: {
    /** `host:port`, or another target of grpc-js. */
    readonly address: string;
  };
}

/**
 * Reads the environment, so that nothing else has to.
 *
 * @throws {ConfigError}
 */
export function readProgramsConfig(env: NodeJS.ProcessEnv): ProgramsConfig {
  const values = readConfig({ env, prefix, schema });
  return { ...serviceConfig(values, prefix), ledger: { address: values.LEDGER_ADDRESS } };
}
