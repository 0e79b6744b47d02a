import { readConfig, taking } from '@loyalty/platform/config.ts';
import {
  type ServiceConfig,
  serviceConfig,
  serviceSettings,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';

export const programsPrefix = 'PROGRAMS_';

/** Keyed by the names of environment variables behind {@link programsPrefix}. */
export const programsSettings = z.object({
  ...serviceSettings({
    grpcPort: 50_051,
    httpPort: 8081,
    managementPort: 9091,
    database: 'programs',
  }),
  LEDGER_ADDRESS: taking('a gRPC target, such as host:port', z.string().min(1)).describe(
    "the Ledger service's gRPC address, such as ledger:50052",
  ),
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
  const values = readConfig({ env, prefix: programsPrefix, schema: programsSettings });
  return { ...serviceConfig(values, programsPrefix), ledger: { address: values.LEDGER_ADDRESS } };
}
