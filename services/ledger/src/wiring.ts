import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from '@loyalty/platform/config.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { eventsStream, incomingStream } from '@loyalty/platform/messaging/streams.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import { type RunningService, startWithCleanups } from '@loyalty/platform/running-service.ts';
import { openConnections } from '@loyalty/platform/service-connections.ts';
import { startServiceServer } from '@loyalty/platform/service-server.ts';
import { clockOffsetMetric } from '@loyalty/platform/telemetry/clock-offset.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { MessagingApp } from './app/app.ts';
import { createCommitQueue } from './app/commit-queue.ts';
import type { DeadLetters } from './app/dead-letters.ts';
import type { ProgramCatalog } from './app/program-catalog.ts';
import { createProgramSummaries, type ReadProgramTotals } from './app/program-summaries.ts';
import { startBackground } from './background-work.ts';
import type { LedgerConfig } from './config.ts';
import { registerDeadLetterMetrics } from './dead-letter-metrics.ts';
import { type EventPublishing, startEventPublishing } from './event-publishing.ts';
import { createEarnStream } from './events/earn-stream.ts';
import { createMessageReader } from './events/message-reader.ts';
import { encodeNotices } from './events/notice-events.ts';
import { encodeKeys } from './events/outbox-entries.ts';
import { encodeSubmissionFailed } from './events/submission-events.ts';
import { createFollowedCatalog } from './followed-catalog.ts';
import { createClockWatch } from './jobs/watch-clock.ts';
import { readinessOf } from './readiness.ts';
import { ledgerServices } from './rpc/services.ts';
import type { Runtime } from './runtime.ts';
import { applicationSession, lockTimeoutMs } from './storage/application-session.ts';
import { openCell } from './storage/cell.ts';
import { createCommitToLedger } from './storage/commit-to-ledger.ts';
import { databaseTime } from './storage/database-clock.ts';
import { createDeadLetters } from './storage/dead-letters.ts';
import { createLedgerReader } from './storage/ledger-reader.ts';
import { createNotices } from './storage/notices.ts';
import { createProgramTotalsReader } from './storage/read-program-totals.ts';
import { createReportPool } from './storage/report-pool.ts';
import { storageError } from './storage/storage-errors.ts';

const applicationName = 'loyalty-ledger';
const migrations = join(import.meta.dirname, '../migrations');
/** Connections for what is off the hot path: program snapshots, dead letters. */
const knexPoolSize = 4;
/** Short enough for callers to get an error, and to try again, within their deadline while NATS is down. */
const submitTimeoutMs = 2_000;

/**
 * Migrates the database, takes messages and serves. Takes no signals and exits no process, so that tests can run
 * several, and lets them say what time it is.
 *
 * @throws {ConfigError} when a certificate can't be used, the database is newer than this release or of another cell, or its
 * login can't migrate it
 */
export async function startLedger(
  config: LedgerConfig,
  logger: Logger,
  { clock = Date.now }: { clock?: () => Instant } = {},
): Promise<RunningService> {
  return startWithCleanups(async (cleanups) => {
    const url = applicationSession(config.database.url);
    const { tls, nats, probe } = await openConnections(
      config,
      {
        name: applicationName,
        databaseUrl: url,
        streams: [incomingStream, eventsStream],
        logger,
      },
      cleanups,
    );
    await prepareDatabase(config);
    const knex = createKnex({ url, max: knexPoolSize, applicationName });
    cleanups.push(() => knex.destroy());
    const pool = createPool({
      url,
      max: config.database.poolSize,
      applicationName,
      lockTimeoutMs,
      logger,
    });
    cleanups.push(() => pool.end());
    const reports = createReportPool({ url: config.database.url, applicationName, logger });
    cleanups.push(() => reports.close());

    const stopping = new AbortController();
    const { signal } = stopping;
    const runtime: Runtime = { config, logger, clock, knex, pool, nats, tls, signal };
    const metrics = createRegistry({ service: 'ledger' });
    const events = startEventPublishing({ ...runtime, registry: metrics });
    cleanups.push(() => events.stop());
    const deadLetters = createDeadLetters({
      knex,
      encodeFailure: encodeSubmissionFailed,
      wakeRelay: events.wake,
    });
    const { catalog, follow, close } = createFollowedCatalog(runtime, deadLetters);
    cleanups.push(close);
    const readTotals = createProgramTotalsReader(reports.pool);
    const { app, backgroundApp } = createApps(runtime, {
      catalog,
      deadLetters,
      events,
      readTotals,
    });
    registerDeadLetterMetrics(metrics, deadLetters);
    const clockWatch = createClockWatch({
      clock,
      databaseTime: () => databaseTime(pool),
      report: clockOffsetMetric(metrics),
      logger,
    });
    const notices = createNotices({ pool, encodeNotices, wakeRelay: events.wake });
    const background: Promise<void>[] = [];
    cleanups.push(async () => {
      stopping.abort();
      await Promise.all(background);
    });
    background.push(
      ...follow(),
      clockWatch.run(signal),
      ...startBackground(runtime, { app: backgroundApp, notices }),
    );

    return await startServiceServer(
      { config, settingPrefix: 'LEDGER_', name: 'ledger', logger, tls: tls.server, metrics },
      {
        services: ledgerServices(app),
        readiness: readinessOf({ nats, probe, clockWatch }),
        translateError: storageError,
      },
      cleanups,
    );
  });
}

async function prepareDatabase({ cell, database: { url } }: LedgerConfig): Promise<void> {
  const knex = createKnex({ url, max: 1, applicationName });
  try {
    await migrate(knex, migrations, 'LEDGER_DATABASE_URL');
    const stored = await openCell(knex, cell);
    if (stored === cell) return;
    throw new ConfigError(
      `LEDGER_CELL is ${cell}, but LEDGER_DATABASE_URL names the database of cell ${stored}; set LEDGER_CELL to ${stored}, or give another database`,
    );
  } finally {
    await knex.destroy();
  }
}

/** Makes the app that serves calls and the one that works in the background, whose commands are never rejected under load. */
function createApps(
  { config, pool, nats, clock }: Runtime,
  {
    catalog,
    deadLetters,
    events: { journal, ruleNames, announce },
    readTotals,
  }: {
    catalog: ProgramCatalog;
    deadLetters: DeadLetters;
    events: Pick<EventPublishing, 'journal' | 'ruleNames' | 'announce'>;
    readTotals: ReadProgramTotals;
  },
): { app: MessagingApp; backgroundApp: MessagingApp } {
  const commit = createCommitToLedger({ pool, encodeKeys, clock, ruleNames, announce });
  const { queue, patientQueue } = createCommitQueue({ commit, maxWaitMs: config.queueWaitMsMax });
  const app: MessagingApp = {
    catalog,
    queue,
    reader: createLedgerReader(pool),
    journal,
    summaries: createProgramSummaries({ clock, readTotals }),
    deadLetters,
    earnStream: createEarnStream(createPublisher(nats, { timeoutMs: submitTimeoutMs })),
    readMessage: createMessageReader({
      earn: validatorOf(EarnRequestedSchema),
      refund: validatorOf(RefundRequestedSchema),
    }),
    clock,
    newRedemptionId: randomUUID,
  };
  return { app, backgroundApp: { ...app, queue: patientQueue } };
}
