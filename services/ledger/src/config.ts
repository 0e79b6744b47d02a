import {
  type CalleeConfig,
  grpcTarget,
  tokenFileOf,
  tokenFileSetting,
} from '@loyalty/platform/callee-config.ts';
import { integer, readConfig } from '@loyalty/platform/config.ts';
import {
  type ServiceConfig,
  serviceConfig,
  serviceSettings,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';

export const ledgerPrefix = 'LEDGER_';

/** Keyed by the names of environment variables behind {@link ledgerPrefix}. */
export const ledgerSettings = z.object({
  ...serviceSettings('ledger', { grpcPort: 50_052, httpPort: 8082, managementPort: 9092 }),
  PROGRAMS_ADDRESS: grpcTarget().describe(
    "the Programs service's gRPC address, such as programs:50051",
  ),
  SERVICE_TOKEN_FILE: tokenFileSetting('Programs'),
  CELL: integer({ min: 0, max: 1_023 })
    .default(0)
    .describe(
      'which cell the database is, where there are several; the ids of memberships and dead letters are unique over all of them, so it is chosen before the first start and never changed',
    ),
  QUEUE_WAIT_MS_MAX: integer({ min: 10, max: 60_000 })
    .default(1_000)
    .describe(
      'milliseconds; a change that would wait longer to be written is refused with OVERLOADED',
    ),
  DEAD_LETTER_DAYS: integer({ min: 1, max: 3_650 })
    .default(90)
    .describe(
      'days; how long a dead letter that was replayed or discarded is kept, with who decided and why',
    ),
});

export interface LedgerConfig extends ServiceConfig {
  readonly programs: CalleeConfig;
  /** The number of the cell that the database is; from 0 to 1023. */
  readonly cell: number;
  /** Changes that would wait longer to be written are refused. */
  readonly queueWaitMsMax: number;
  /** How long dead letters are kept after they were replayed or discarded. */
  readonly deadLetterDays: number;
}

/**
 * Reads the environment, so that nothing else has to.
 *
 * @throws {ConfigError}
 */
export function readLedgerConfig(env: NodeJS.ProcessEnv): LedgerConfig {
  const values = readConfig({ env, prefix: ledgerPrefix, schema: ledgerSettings });
  return {
    ...serviceConfig(values, ledgerPrefix),
    programs: { address: values.PROGRAMS_ADDRESS, tokenFile: tokenFileOf(values, ledgerPrefix) },
    cell: values.CELL,
    queueWaitMsMax: values.QUEUE_WAIT_MS_MAX,
    deadLetterDays: values.DEAD_LETTER_DAYS,
  };
}
