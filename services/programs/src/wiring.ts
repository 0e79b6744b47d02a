import { join } from 'node:path';
import type { Logger } from '@loyalty/platform/logging.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import { startRelay } from '@loyalty/platform/outbox/relay.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { type RunningService, startWithCleanups } from '@loyalty/platform/running-service.ts';
import { openConnections } from '@loyalty/platform/service-connections.ts';
import { startServiceServer } from '@loyalty/platform/service-server.ts';
import { requireStorage } from '@loyalty/platform/storage-readiness.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { RedemptionService } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { App } from './app/app.ts';
import type { ProgramsConfig } from './config.ts';
import { announceProgramChanged } from './events/program-changed.ts';
import { createHasOpenHolds } from './ledger/open-holds.ts';
import { definitionsAsJson } from './rpc/definition-json.ts';
import { programsServices } from './rpc/services.ts';
import { createProgramStore } from './storage/program-store.ts';
import { storageError } from './storage/storage-errors.ts';

const applicationName = 'loyalty-programs';
const migrations = join(import.meta.dirname, '../migrations');

/**
 * Migrates the database and serves. Takes no signals and exits no process, so that tests can run several, and lets them
 * say what time it is.
 *
 * @throws {ConfigError} when a certificate can't be used, or the database is newer than this release
 */
export async function startPrograms(
  config: ProgramsConfig,
  logger: Logger,
  { clock = Date.now }: { clock?: () => Instant } = {},
): Promise<RunningService> {
  return startWithCleanups(async (cleanups) => {
    const { url, poolSize } = config.database;
    const { tls, nats, probe } = await openConnections(
      config,
      { name: applicationName, databaseUrl: url, streams: [eventsStream], logger },
      cleanups,
    );
    // The planner's choice is right here: the tables have a few rows a program, and some statements read all of them. The
    // ledger's sessions are told otherwise.
    const knex = createKnex({ url, max: poolSize, applicationName });
    cleanups.push(() => knex.destroy());
    await migrate(knex, migrations, 'PROGRAMS_DATABASE_URL');

    const metrics = createRegistry({ service: 'programs' });
    const relayPool = createPool({ url, max: 2, applicationName, logger });
    cleanups.push(() => relayPool.end());
    const publisher = createPublisher(nats);
    const relay = startRelay({ pool: relayPool, publisher, logger, registry: metrics }, cleanups);

    const { address } = config.ledger;
    const ledger = createChannel({
      address,
      services: [RedemptionService],
      credentials: tls.channelCredentials,
    });
    cleanups.push(() => ledger.close());

    const definitions = definitionsAsJson;
    const store = createProgramStore({
      knex,
      definitions,
      clock,
      announce: announceProgramChanged,
      wakeRelay: relay.wake,
    });
    const hasOpenHolds = createHasOpenHolds(createClient(RedemptionService, ledger));
    const app: App = { store, definitions, hasOpenHolds, clock };
    return await startServiceServer(
      { config, settingPrefix: 'PROGRAMS_', name: 'programs', logger, tls: tls.server, metrics },
      {
        services: programsServices(app),
        // NATS may be away: events wait in the outbox. The ledger may be away: it is asked only before archiving.
        readiness: () => requireStorage({ nats, probe }),
        translateError: storageError,
      },
      cleanups,
    );
  });
}
