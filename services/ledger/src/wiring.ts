import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ConfigError } from '@loyalty/platform/config.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import { connectNats, type Nats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { eventsStream, incomingStream } from '@loyalty/platform/messaging/streams.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { createDatabaseProbe, type DatabaseProbe } from '@loyalty/platform/postgres/probe.ts';
import { createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { createRpcServer, servedBy } from '@loyalty/platform/rpc/server.ts';
import { validatorOf } from '@loyalty/platform/rpc/validation.ts';
import { type RunningService, startWithCleanups } from '@loyalty/platform/running-service.ts';
import { clockOffsetMetric } from '@loyalty/platform/telemetry/clock-offset.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { openTls, type Tls } from '@loyalty/platform/tls/tls.ts';
import { EarnRequestedSchema } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { ProgramService } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { MessagingApp } from './app/app.ts';
import { applyMessage } from './app/apply-message.ts';
import { bringDueUpToDate } from './app/bring-due-up-to-date.ts';
import { createCommitQueue } from './app/commit-queue.ts';
import type { DeadLetters } from './app/dead-letters.ts';
import { programSummaries } from './app/get-program-summary.ts';
import type { NoticeStore } from './app/give-notices.ts';
import type { ProgramCatalog } from './app/program-catalog.ts';
import { createProgramCatalog, type ProgramCache } from './catalog/program-catalog.ts';
import { followProgramChanges } from './catalog/program-changes.ts';
import { createProgramFollower } from './catalog/program-follower.ts';
import { createProgramSource } from './catalog/program-source.ts';
import type { LedgerConfig } from './config.ts';
import { registerDeadLetterMetrics } from './dead-letter-metrics.ts';
import type { Instant } from './domain/instant.ts';
import { type EventPublishing, startEventPublishing } from './event-publishing.ts';
import { createEarnStream } from './events/earn-stream.ts';
import { createMessageReader } from './events/message-reader.ts';
import { encodeNotices } from './events/notice-events.ts';
import { encodeKeys } from './events/outbox-entries.ts';
import { consumeStream } from './events/stream-consumer.ts';
import { encodeSubmissionFailed } from './events/submission-events.ts';
import { bringMembershipsUpToDate } from './jobs/bring-up-to-date.ts';
import { giveNoticesRegularly } from './jobs/give-notices.ts';
import { removeDecidedLetters } from './jobs/remove-decided-letters.ts';
import { retryDeadLetters } from './jobs/retry-dead-letters.ts';
import { type ClockWatch, createClockWatch } from './jobs/watch-clock.ts';
import { ledgerServices } from './rpc/services.ts';
import { createServiceToken } from './service-token.ts';
import { applicationSession, lockTimeoutMs } from './storage/application-session.ts';
import { openCell } from './storage/cell.ts';
import { createCommitToLedger } from './storage/commit-to-ledger.ts';
import { databaseTime } from './storage/database-clock.ts';
import { createDeadLetters } from './storage/dead-letters.ts';
import { createLedgerReader } from './storage/ledger-reader.ts';
import { createNotices } from './storage/notices.ts';
import { createProgramSnapshots } from './storage/program-snapshots.ts';
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
    const tls = await openTls(config.tls, { logger });
    cleanups.push(() => tls.close());
    await prepareDatabase(config);
    const url = applicationSession(config.database.url);
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
    const probe = createDatabaseProbe({ url, applicationName });
    cleanups.push(() => probe.close());
    const nats = connectNats({
      ...config.nats,
      name: applicationName,
      streams: [incomingStream, eventsStream],
      logger,
    });
    cleanups.push(() => nats.close());

    const stopping = new AbortController();
    const background: Promise<void>[] = [];
    const { signal } = stopping;
    const runtime: Runtime = { config, logger, clock, knex, pool, nats, tls, background, signal };
    const metrics = createRegistry({ service: 'ledger' });
    const events = startEventPublishing({ ...runtime, registry: metrics });
    cleanups.push(() => events.stop());
    const deadLetters = createDeadLetters({
      knex,
      encodeFailure: encodeSubmissionFailed,
      wakeRelay: events.wake,
    });
    const { catalog, closeCatalog } = startCatalog(runtime, deadLetters);
    cleanups.push(closeCatalog);
    const { app, backgroundApp } = createApps(runtime, { catalog, deadLetters, events });
    registerDeadLetterMetrics(metrics, deadLetters);
    const clockWatch = createClockWatch({
      clock,
      databaseTime: () => databaseTime(pool),
      report: clockOffsetMetric(metrics),
      logger,
    });
    background.push(clockWatch.run(signal));
    const notices = createNotices({ pool, encodeNotices, wakeRelay: events.wake });
    startBackground(runtime, { app: backgroundApp, notices });
    cleanups.push(async () => {
      stopping.abort();
      await Promise.all(background);
    });

    const server = createRpcServer({
      ...servedBy(config, 'LEDGER_'),
      name: 'ledger',
      logger,
      tls: tls.server,
      services: ledgerServices(app, {
        getProgramSummary: programSummaries(app, createProgramTotalsReader(reports.pool)),
        journal: events.journal,
      }),
      readiness: readinessOf({ nats, probe, clockWatch }),
      defaultDeadlineMs: 10_000,
      metrics,
      translateError: storageError,
    });
    cleanups.push(() => server.stop(config.shutdownGraceMs));
    return await server.start();
  });
}

async function prepareDatabase({ cell, database: { url } }: LedgerConfig): Promise<void> {
  const knex = createKnex({ url, max: 1, applicationName });
  try {
    await migrate(knex, migrations);
    const stored = await openCell(knex, cell);
    if (stored === cell) return;
    throw new ConfigError(
      `LEDGER_CELL is ${cell}, but LEDGER_DATABASE_URL names the database of cell ${stored}; set LEDGER_CELL to ${stored}, or give another database`,
    );
  } finally {
    await knex.destroy();
  }
}

/** What the parts of the ledger need. */
interface Runtime {
  readonly config: LedgerConfig;
  readonly logger: Logger;
  readonly clock: () => Instant;
  readonly knex: Knex;
  readonly pool: Pool;
  readonly nats: Nats;
  readonly tls: Tls;
  /** Work that goes on until `signal` aborts. */
  readonly background: Promise<void>[];
  readonly signal: AbortSignal;
}

function startCatalog(
  runtime: Runtime,
  deadLetters: Pick<DeadLetters, 'makeDue'>,
): { catalog: ProgramCache; closeCatalog: () => void } {
  const { config, logger, clock, knex, nats, tls, background, signal } = runtime;
  const channel = createChannel({
    address: config.programs.address,
    services: [ProgramService],
    credentials: tls.channelCredentials,
  });
  const source = createProgramSource({
    client: createClient(ProgramService, channel),
    token: createServiceToken(config),
    signal,
  });
  const snapshots = createProgramSnapshots(knex);
  const catalog = createProgramCatalog({
    source,
    snapshots,
    logger,
    onChange(after, before) {
      if (after.state !== 'ACTIVE' || before.state === 'ACTIVE') return;
      deadLetters.makeDue(after.programId, clock()).catch((error: unknown) => {
        logger.warn({ err: error }, 'waiting messages could not be made due');
      });
    },
    signal,
  });
  const { run, wake } = createProgramFollower({ catalog, source, snapshots, logger, signal });
  background.push(
    run(),
    followProgramChanges({ nats, stream: eventsStream.name, wake, logger, signal }),
  );
  return { catalog, closeCatalog: () => channel.close() };
}

/** What serves calls, and what works in the background: no load turns that away. */
function createApps(
  { config, pool, nats, clock }: Runtime,
  {
    catalog,
    deadLetters,
    events: { ruleNames, announce },
  }: {
    catalog: ProgramCatalog;
    deadLetters: DeadLetters;
    events: Pick<EventPublishing, 'ruleNames' | 'announce'>;
  },
): { app: MessagingApp; backgroundApp: MessagingApp } {
  const commit = createCommitToLedger({ pool, encodeKeys, clock, ruleNames, announce });
  const { queue, patientQueue } = createCommitQueue({ commit, maxWaitMs: config.queueWaitMsMax });
  const app: MessagingApp = {
    catalog,
    queue,
    reader: createLedgerReader(pool),
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

const dayMs = 24 * 60 * 60 * 1_000;

/** Runs the consumer of the incoming stream, the retries of waiting messages, notices, and what is due. */
function startBackground(
  { config, nats, logger, background, signal }: Runtime,
  { app, notices }: { app: MessagingApp; notices: NoticeStore },
): void {
  const consumer = { nats, logger, signal };
  background.push(
    consumeStream(app, { ...consumer, durable: 'ledger-earns', filter: 'loyalty.earn.v1.*' }),
    consumeStream(app, { ...consumer, durable: 'ledger-refunds', filter: 'loyalty.refund.v1.*' }),
    retryDeadLetters({
      ...app,
      apply: (message, attempt) => applyMessage(app, message, attempt),
      logger,
      signal,
    }),
    removeDecidedLetters({
      ...app,
      keepMs: config.deadLetterDays * dayMs,
      logger,
      signal,
    }),
    giveNoticesRegularly({ ...app, notices, logger, signal }),
    bringMembershipsUpToDate({
      bringDueUpToDate: (limit) => bringDueUpToDate(app, limit),
      logger,
      signal,
    }),
  );
}

// A ledger whose streams were never reachable isn't set up well and should take no traffic. Later it goes on without
// NATS: events wait in the outbox.
function readinessOf({
  nats,
  probe,
  clockWatch,
}: {
  nats: Nats;
  probe: DatabaseProbe;
  clockWatch: ClockWatch;
}): () => Promise<void> {
  let connected = false;
  return async () => {
    connected ||= nats.isConnected();
    const problem = nats.streamProblem();
    if (problem !== undefined) throw problem;
    const clockProblem = clockWatch.problem();
    if (clockProblem !== undefined) throw new Error(clockProblem);
    if (!connected) throw new Error('NATS has not been reached yet');
    await probe.check();
  };
}
