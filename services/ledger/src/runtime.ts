import type { Logger } from '@loyalty/platform/logging.ts';
import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import type { Tls } from '@loyalty/platform/tls/tls.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { LedgerConfig } from './config.ts';

/** What the parts of the ledger need. */
export interface Runtime {
  readonly config: LedgerConfig;
  readonly logger: Logger;
  readonly clock: () => Instant;
  readonly knex: Knex;
  readonly pool: Pool;
  readonly nats: Nats;
  readonly tls: Tls;
  /** Ends the work in the background. */
  readonly signal: AbortSignal;
}
