import { type CalleeConfig, grpcTarget } from '@loyalty/platform/callee-config.ts';
import { readConfig } from '@loyalty/platform/config.ts';
import {
  type ServiceConfig,
  serviceConfig,
  serviceSettings,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';

export const programsPrefix = 'PROGRAMS_';

/** Keyed by the names of environment variables behind {@link programsPrefix}. */
export const programsSettings = z.object({
  ...serviceSettings('programs', { grpcPort: 50_051, httpPort: 8081, managementPort: 9091 }),
  LEDGER_ADDRESS: grpcTarget().describe("the Ledger service's gRPC address, such as ledger:50052"),
});

export interface ProgramsConfig extends ServiceConfig {
  readonly ledger: Pick<CalleeConfig, 'address'>;
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
