import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createServiceToken } from '@loyalty/platform/auth/service-token.ts';
import type { Logger } from '@loyalty/platform/logging.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { eventsStream } from '@loyalty/platform/messaging/streams.ts';
import { startRelay } from '@loyalty/platform/outbox/relay.ts';
import { createKnex } from '@loyalty/platform/postgres/knex.ts';
import { migrate } from '@loyalty/platform/postgres/migrations.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { withRole } from '@loyalty/platform/postgres/role.ts';
import { type Channel, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { type RunningService, startWithCleanups } from '@loyalty/platform/running-service.ts';
import { openConnections } from '@loyalty/platform/service-connections.ts';
import { startServiceServer } from '@loyalty/platform/service-server.ts';
import { requireStorage } from '@loyalty/platform/storage-readiness.ts';
import { createRegistry } from '@loyalty/platform/telemetry/metrics.ts';
import { LedgerService } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { App, UrlRules } from './app/app.ts';
import type { Journal } from './app/journal.ts';
import { startBackground } from './background-work.ts';
import type { WebhooksConfig } from './config.ts';
import { registerDeliveryMetrics } from './delivery-metrics.ts';
import { secretBytes, secretText } from './domain/webhook.ts';
import { encodeWebhookDisabled } from './events/webhook-disabled.ts';
import { createDeliveryWorkers, type DeliveryWorkers } from './jobs/delivery-workers.ts';
import { createJournal } from './ledger/journal.ts';
import { webhooksServices } from './rpc/services.ts';
import type { Runtime } from './runtime.ts';
import { addressInUrl, addressProblem } from './sending/address-rules.ts';
import { createAttemptDelivery } from './sending/attempt-delivery.ts';
import {
  checkedLookup,
  type Resolve,
  resolvePublicName,
  uncheckedLookup,
} from './sending/checked-lookup.ts';
import { createSender } from './sending/send-request.ts';
import { applicationRole } from './storage/application-role.ts';
import { createDeliveryStore } from './storage/delivery-store.ts';
import { createReplayStore } from './storage/replay-store.ts';
import { storageError } from './storage/storage-errors.ts';
import { createWebhookStore } from './storage/webhook-store.ts';

const applicationName = 'loyalty-webhooks';
const migrations = join(import.meta.dirname, '../migrations');

/**
 * Migrates the database, takes events, delivers them and serves. Takes no signals and exits no process, so that tests can
 * run several, and lets them say what time it is and what the name servers know.
 *
 * @throws {ConfigError} when a certificate can't be used, the database is newer than this release, or its login can't migrate the database
 */
export async function startWebhooks(
  config: WebhooksConfig,
  logger: Logger,
  {
    clock = Date.now,
    resolveName = resolvePublicName,
  }: { clock?: () => Instant; resolveName?: Resolve } = {},
): Promise<RunningService> {
  return startWithCleanups(async (cleanups) => {
    const url = withRole(config.database.url, applicationRole);
    const { tls, nats, probe } = await openConnections(
      config,
      { name: applicationName, databaseUrl: url, streams: [eventsStream], logger },
      cleanups,
    );
    await migrateDatabase(config.database.url);
    const pool = createPool({ url, max: config.database.poolSize, applicationName, logger });
    cleanups.push(() => pool.end());
    const ledger = createChannel({
      address: config.ledger.address,
      services: [LedgerService],
      credentials: tls.channelCredentials,
    });
    cleanups.push(() => ledger.close());

    const registry = createRegistry({ service: 'webhooks' });
    const publisher = createPublisher(nats);
    const relay = startRelay({ pool, publisher, logger, registry }, cleanups);
    const stores = {
      deliveries: createDeliveryStore(pool, {
        encodeDisabled: encodeWebhookDisabled,
        wakeRelay: relay.wake,
      }),
      webhooks: createWebhookStore(pool),
      replays: createReplayStore(pool),
    };
    const metrics = registerDeliveryMetrics(registry, { ...stores, clock });
    const stopping = new AbortController();
    const { signal } = stopping;
    const runtime: Runtime = { ...stores, config, logger, clock, nats, metrics, signal };
    const workers = createWorkers(runtime, resolveName);
    const journal = journalOf(ledger, config);
    const background: Promise<void>[] = [];
    cleanups.push(async () => {
      stopping.abort();
      await Promise.all(background);
    });
    background.push(...startBackground(runtime, { workers, journal }));

    const app: App = {
      ...stores,
      journal,
      urlRules: urlRules(config.allowsPrivateAddresses),
      clock,
      newWebhookId: randomUUID,
      newSecret: () => secretText(randomBytes(secretBytes)),
      wakeWorkers: workers.wake,
    };
    return await startServiceServer(
      {
        config,
        settingPrefix: 'WEBHOOKS_',
        name: 'webhooks',
        logger,
        tls: tls.server,
        metrics: registry,
      },
      {
        services: webhooksServices(app),
        // NATS and the ledger may be away: events wait in the stream, and replays go on later.
        readiness: () => requireStorage({ nats, probe }),
        translateError: storageError,
      },
      cleanups,
    );
  });
}

async function migrateDatabase(url: string): Promise<void> {
  const knex = createKnex({ url, max: 1, applicationName });
  try {
    await migrate(knex, migrations, 'WEBHOOKS_DATABASE_URL');
  } finally {
    await knex.destroy();
  }
}

function createWorkers(
  { config, logger, clock, deliveries, metrics, signal }: Runtime,
  resolveName: Resolve,
): DeliveryWorkers {
  const { allowsPrivateAddresses: allowsPrivate, timeoutMs, endpointsMax } = config;
  const lookup = allowsPrivate
    ? uncheckedLookup
    : checkedLookup(resolveName, (refused) => {
        logger.warn(refused, 'the host of a webhook has an address that is refused');
      });
  const send = createSender({ lookup, allowsPrivate });
  return createDeliveryWorkers({
    deliveries,
    attempt: createAttemptDelivery({ send, timeoutMs, clock }),
    endpointsMax,
    onAttempt: metrics.onAttempt,
    clock,
    random: Math.random,
    logger,
    signal,
  });
}

function journalOf(ledger: Channel, { ledger: { tokenFile }, tokens }: WebhooksConfig): Journal {
  return createJournal({
    client: createClient(LedgerService, ledger),
    token: createServiceToken({ subject: 'webhooks', tokenFile, tokens }),
  });
}

function urlRules(allowsPrivate: boolean): UrlRules {
  return {
    allowsHttp: allowsPrivate,
    addressProblem(url) {
      const address = addressInUrl(url);
      return address === undefined || allowsPrivate ? undefined : addressProblem(address);
    },
  };
}
