import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type NatsServer, startNats } from '@loyalty/local/nats-server.ts';
import { createTestDatabase, type TestDatabase } from '@loyalty/local/test-environment.ts';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { StorageUnavailable } from '../src/errors.ts';
import { connectNats, type Nats } from '../src/messaging/connection.ts';
import { followLatest } from '../src/messaging/consumer.ts';
import { createPublisher, type Publisher } from '../src/messaging/publisher.ts';
import { encodeOutboxBatch } from '../src/outbox/batch.ts';
import { firstLease } from '../src/outbox/first-lease.ts';
import {
  createRelay,
  type DeferredRows,
  type Relay,
  type RelayOptions,
} from '../src/outbox/relay.ts';
import { createPool } from '../src/postgres/pool.ts';
import { eventually } from './eventually.ts';

const logger = pino({ level: 'silent' });
const applicationName = 'outbox test';
const outboxTable = `
  CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch bytea NOT NULL,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    create_time timestamptz NOT NULL DEFAULT now()
  )`;

let directory: string;
let database: TestDatabase;
let pool: Pool;
let server: NatsServer;
let nats: Nats;
let publisher: Publisher;
let relays: Relay[];

const events = { name: 'EVENTS', subjects: ['events.>'], retention: 'limits' } as const;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outbox-'));
  [server, database] = await Promise.all([
    startNats({ directory, streams: [events] }),
    createTestDatabase(),
  ]);
  pool = createPool({ url: database.url, max: 4, applicationName, logger });
  await pool.query(outboxTable);
  nats = connectNats({ url: server.url, name: 'outbox test', streams: [events], logger });
  await eventually('connected', () => nats.isConnected());
  publisher = createPublisher(nats, { timeoutMs: 500 });
  relays = [];
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await nats.close();
  await Promise.all([server.stop(), pool.end()]);
  await database.drop();
  await rm(directory, { recursive: true });
});

function startRelay(options: Partial<RelayOptions> = {}): Relay {
  const relay = createRelay({ pool, publisher, logger, ...options });
  relays.push(relay);
  relay.start();
  return relay;
}

async function add(...eventIds: string[]): Promise<void> {
  const messages = eventIds.map((eventId) => ({
    eventId,
    subject: `events.${eventId}`,
    headers: { 'ce-id': eventId },
    data: Buffer.from(`content of ${eventId}`),
  }));
  await addBatch(encodeOutboxBatch(messages));
}

async function addBatch(batch: Uint8Array): Promise<void> {
  await pool.query('INSERT INTO outbox (batch) VALUES ($1)', [batch]);
}

async function rowsLeft(): Promise<number> {
  const { rows } = await pool.query('SELECT count(*)::int AS count FROM outbox');
  return rows[0]?.count;
}

async function messagesInStream(): Promise<number> {
  const manager = await (await nats.connection()).jetstreamManager();
  return (await manager.streams.info('EVENTS')).state.messages;
}

describe('the relay', () => {
  test('publishes what was committed, as it was written, and forgets it', async () => {
    await add('e1', 'e2');
    startRelay();
    await eventually('relayed', async () => (await rowsLeft()) === 0);

    const seen = new Set<string>();
    const stopping = new AbortController();
    const following = followLatest({
      nats,
      stream: 'EVENTS',
      filter: 'events.>',
      logger,
      signal: stopping.signal,
      handle: async ({ subject, data, header }) =>
        void seen.add(`${subject}: ${Buffer.from(data).toString()} (${header('ce-id')})`),
    });
    await eventually('both', () => seen.size === 2);
    expect(seen).toEqual(
      new Set(['events.e1: content of e1 (e1)', 'events.e2: content of e2 (e2)']),
    );
    stopping.abort();
    await following;
  });

  test('publishes at once when it is woken', async () => {
    const relay = startRelay({ pollMs: 3_600_000 });
    for (const eventId of ['e1', 'e2', 'e3']) {
      await add(eventId);
      relay.wake();
      await eventually('relayed', async () => (await rowsLeft()) === 0);
    }
    expect(await messagesInStream()).toBe(3);
  });

  test('finds what nobody woke it for', async () => {
    startRelay({ pollMs: 20 });
    await add('e1');
    await eventually('relayed', async () => (await rowsLeft()) === 0);
  });

  test('publishes each event once to the stream, also when several relays share the work', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `e${index}`);
    for (const eventId of ids) await add(eventId);
    const published: (string | undefined)[] = [];
    const counting: Publisher = {
      publish: (message) => {
        published.push(message.messageId);
        return publisher.publish(message);
      },
    };
    for (let i = 0; i < 3; i++) startRelay({ publisher: counting, batchRows: 5 });
    await eventually('relayed', async () => (await rowsLeft()) === 0);
    expect(published).toHaveLength(100);
    expect(new Set(published)).toEqual(new Set(ids));
    expect(await messagesInStream()).toBe(100);
  });

  test('takes over what another relay left lying, and the stream keeps one of each', async () => {
    await add('e1', 'e2');
    const gate = Promise.withResolvers<void>();
    const stuck: Publisher = {
      publish: async (message) => {
        const receipt = await publisher.publish(message);
        await gate.promise; // published, but dead before it could delete the row
        return receipt;
      },
    };
    startRelay({ publisher: stuck, leaseMs: 300 });
    await eventually('published', async () => (await messagesInStream()) === 2);
    expect(await rowsLeft()).toBe(1);

    startRelay({ pollMs: 20 });
    await eventually('taken over', async () => (await rowsLeft()) === 0);
    expect(await messagesInStream()).toBe(2);
    gate.resolve();
  });

  test('keeps everything while NATS is away, with no transaction open, and catches up', async () => {
    const port = Number(new URL(server.url).port);
    await server.stop();
    await eventually('noticed', () => !nats.isConnected());
    await add('e1');
    startRelay({ pollMs: 20 });
    await eventually('leased', async () => {
      const { rows } = await pool.query('SELECT 1 FROM outbox WHERE leased_until > now()');
      return rows.length === 1;
    });
    const { rows } = await pool.query(
      `SELECT state FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL`,
    );
    expect(rows).toEqual([]);
    expect(await rowsLeft()).toBe(1);

    server = await startNats({ directory, port, streams: [events] });
    await eventually('caught up', async () => (await rowsLeft()) === 0);
    expect(await messagesInStream()).toBe(1);
  });

  test('is not held up by a row that can not be published or read', async () => {
    const large = { eventId: 'large', subject: 'events.large', data: Buffer.alloc(2 ** 21) };
    await addBatch(encodeOutboxBatch([large]));
    await addBatch(Buffer.from('not a batch'));
    await add('e1');
    startRelay();
    await eventually('relayed', async () => (await messagesInStream()) === 1);
    await eventually('deleted', async () => (await rowsLeft()) === 2);
  });

  describe('of rows that name what they announce', () => {
    beforeEach(async () => {
      await pool.query(`ALTER TABLE outbox ALTER batch DROP NOT NULL, ADD entries bytea`);
    });

    const name = (text: string) =>
      pool.query('INSERT INTO outbox (entries) VALUES ($1)', [Buffer.from(text)]);

    const encode: DeferredRows['encode'] = async ({ entries }) => {
      const eventId = Buffer.from(entries).toString();
      if (eventId === 'later') throw new Error('made by a later release');
      const headers = { 'ce-id': eventId };
      return [{ eventId, subject: `events.${eventId}`, headers, sharedHeaders: {}, data: entries }];
    };

    test('publishes what the service makes of them, and rows with messages beside them', async () => {
      await name('named');
      await add('e1');
      startRelay({ deferred: { own: () => [], encode } });
      await eventually('relayed', async () => (await rowsLeft()) === 0);
      expect(await messagesInStream()).toBe(2);
    });

    test('leaves those that it can’t encode, and goes on with the others', async () => {
      await name('later');
      await name('named');
      startRelay({ deferred: { own: () => [], encode } });
      await eventually('relayed', async () => (await rowsLeft()) === 1);
      expect(await messagesInStream()).toBe(1);
    });

    test('takes those of its own process at once, and others when that had its time', async () => {
      const insert = (text: string) =>
        pool.query<{ id: bigint }>(
          `INSERT INTO outbox (entries, leased_until) VALUES ($1, now() + ${firstLease})
           RETURNING id`,
          [Buffer.from(text)],
        );
      const { rows: own } = await insert('own');
      await insert('others');
      await pool.query(`UPDATE outbox SET create_time = create_time + interval '1 hour',
        leased_until = leased_until + interval '1 hour'`);
      startRelay({ pollMs: 20, deferred: { own: () => own.map(({ id }) => id), encode } });
      await eventually('relayed', async () => (await rowsLeft()) === 1);
      expect(await messagesInStream()).toBe(1);
      await pool.query(`UPDATE outbox SET create_time = create_time - interval '2 hours',
        leased_until = leased_until - interval '2 hours'`);
      await eventually('relayed', async () => (await rowsLeft()) === 0);
    });

    test('leaves its own to a relay that took them meanwhile', async () => {
      await name('taken');
      await pool.query("UPDATE outbox SET leased_until = now() + interval '1 hour'");
      startRelay({ pollMs: 20, deferred: { own: () => [1n], encode } });
      await name('named');
      await eventually('relayed', async () => (await rowsLeft()) === 1);
      expect(await messagesInStream()).toBe(1);
    });

    test('tries again while what they name can’t be read', async () => {
      await name('named');
      let attempts = 0;
      startRelay({
        pollMs: 20,
        deferred: {
          own: () => [],
          async encode(row) {
            attempts += 1;
            if (attempts < 3) throw new StorageUnavailable('the database is away');
            return await encode(row);
          },
        },
      });
      await eventually('relayed', async () => (await rowsLeft()) === 0);
      expect(attempts).toBe(3);
    });
  });

  test('goes on after the database was away', async () => {
    const relay = startRelay({ pollMs: 20 });
    await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await add('e1');
    relay.wake();
    await eventually('relayed', async () => (await rowsLeft()) === 0);
  });

  test('finishes what it is at when it is stopped', async () => {
    await add('e1');
    const started = Promise.withResolvers<void>();
    const slow: Publisher = {
      publish: async (message) => {
        started.resolve();
        return await publisher.publish(message);
      },
    };
    const relay = startRelay({ publisher: slow });
    await started.promise;
    await relay.stop();
    expect(await rowsLeft()).toBe(0);
  });
});

test('a scrape shows how far behind the relay is', async () => {
  const registry = new Registry();
  const relay = createRelay({ pool, publisher, logger, registry });
  const age = async () => {
    const text = await registry.metrics();
    return Number(/^outbox_oldest_seconds (\S+)$/m.exec(text)?.[1]);
  };
  expect(await age()).toBe(0);
  await add('e1');
  await pool.query("UPDATE outbox SET create_time = now() - interval '90 seconds'");
  expect(await age()).toBeGreaterThanOrEqual(90);
  relay.start();
  relays.push(relay);
  await eventually('relayed', async () => (await age()) === 0);
  expect(await registry.metrics()).toContain('outbox_rows_total{outcome="published"} 1');
});

test('a scrape shows what was known last if the database hangs', async () => {
  const registry = new Registry();
  const hanging = Object.create(pool) as Pool;
  createRelay({ pool: hanging, publisher, logger, registry });
  await add('e1');
  await pool.query("UPDATE outbox SET create_time = now() - interval '90 seconds'");
  await registry.metrics();
  Object.assign(hanging, { query: () => new Promise(() => undefined) });
  expect(await registry.metrics()).toMatch(/^outbox_oldest_seconds 9\d/m);
});
