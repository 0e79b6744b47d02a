import type { Violation } from '@loyalty/ledger/verify/invariant.ts';
import { verifyLedger } from '@loyalty/ledger/verify/verify-ledger.ts';
import { readStream } from '@loyalty/platform/messaging/read-stream.ts';
import { createPool } from '@loyalty/platform/postgres/pool.ts';
import { type ClientLog, createClientLog, type Effects } from './client-log.ts';
import { type Customers, type CustomersOptions, createCustomers } from './customers.ts';
import { awaitCondition } from './patience.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import { logger, type Site, type SiteOptions, startSite } from './site.ts';

/** A kind of fault, and what has to hold after it. */
export interface Row {
  /** Names it on the command line. */
  readonly id: string;
  /** What happens, as in the table of the report. */
  readonly fault: string;
  /** How often, in a full run and in the tenth of one. */
  readonly times: { readonly full: number; readonly tenth: number };
  readonly site?: SiteOptions;
  readonly customers?: CustomersOptions;
  run(trial: Trial): Promise<void>;
  readonly control: Control;
  /** For what else the row shows. */
  readonly furtherControls?: readonly Control[];
}

/** The protection that is switched off to see whether the row notices. */
export interface Control {
  /** What is off. */
  readonly off: string;
  /** What the row has to notice then; a pattern is that of a problem. */
  readonly shows: 'lost' | 'doubled' | RegExp;
  readonly site?: SiteOptions;
  readonly customers?: CustomersOptions;
  /** Runs once the platform is up. */
  apply?(site: Site): Promise<void>;
}

/** One run of a row, on a platform of its own. */
export interface Trial {
  readonly site: Site;
  readonly customers: Customers;
  readonly log: ClientLog;
  readonly random: Random;
  readonly isControl: boolean;
  /** How often the row is to strike, or how long: 10 times as much in a full run. */
  readonly times: number;
  /** Calls `strike` once. */
  once(strike: () => Promise<void>): Promise<void>;
  /** Calls `strike` as often as the row says, or until something is found wrong. */
  repeatedly(strike: (round: number) => Promise<void>): Promise<void>;
  /**
   * To be called once what was broken runs again: tries unknown operations again with the same key, waits until nothing is
   * under way any more, and compares. Without `hurry` it waits as long as the platform itself needs to take over what a dead
   * process had fetched or leased; with it, the default, as if that time had passed.
   */
  recover(options?: { hurry?: boolean }): Promise<void>;
  /** Reports how long something stood still, if that says more about the recovery than how long {@link recover} took. */
  stoodStill(ms: number): void;
  /** Records that something is wrong. */
  problem(text: string): void;
  /** Adds to a number that the report shows. */
  count(name: string, by: number): void;
}

export interface Result {
  readonly operations: number;
  readonly unknown: number;
  /** Acknowledged operations that aren't in the ledger, and entries whose events aren't in the stream. */
  readonly lost: number;
  readonly doubled: number;
  /** The longest time from when everything ran again until nothing was open any more, or for which something stood still. */
  readonly recoveryMs: number;
  readonly strikes: number;
  /** All else that was wrong. */
  readonly problems: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly tookMs: number;
}

export function isSound({ lost, doubled, problems }: Result): boolean {
  return lost === 0 && doubled === 0 && problems.length === 0;
}

/** All negative controls of a row. */
export function controlsOf({ control, furtherControls = [] }: Row): readonly Control[] {
  return [control, ...furtherControls];
}

/** Whether a negative control has shown what it is to show. */
export function isNoticed(result: Result, { shows }: Control): boolean {
  return typeof shows === 'string'
    ? result[shows] > 0
    : result.problems.some((problem) => shows.test(problem));
}

const drainMs = 60_000;
/** The limit in a control, where lost events never arrive. */
const drainInControlMs = 12_000;

/** Runs a row, or one of its negative controls, on a platform that is started for it. */
export async function runTrial(
  row: Row,
  { control, ...options }: { times: number; seed: number; control?: Control | undefined },
): Promise<Result> {
  const isControl = control !== undefined;
  const began = performance.now();
  const site = await startSite({ ...row.site, ...control?.site });
  const log = createClientLog();
  const random = createRandom(options.seed);
  try {
    const customers = await createCustomers(site, {
      log,
      random,
      ...row.customers,
      ...control?.customers,
    });
    try {
      await control?.apply?.(site);
      const found = await strikeAll(row, { ...options, isControl, site, customers, log, random });
      return {
        ...found,
        operations: log.size,
        unknown: log.unknownEver,
        tookMs: performance.now() - began,
      };
    } finally {
      customers.close();
    }
  } finally {
    await site.close();
  }
}

type Found = Omit<Result, 'operations' | 'unknown' | 'tookMs'>;

async function strikeAll(
  row: Row,
  setting: Pick<Trial, 'site' | 'customers' | 'log' | 'random' | 'isControl' | 'times'>,
): Promise<Found> {
  const { site, log, times, isControl } = setting;
  const found = {
    lost: 0,
    doubled: 0,
    recoveryMs: 0,
    strikes: 0,
    problems: [] as string[],
    counts: {} as Record<string, number>,
  };
  let stoodStillMs: number | undefined;
  const problem = (text: string) => void found.problems.push(text);
  const isRed = () => found.lost + found.doubled + found.problems.length > 0;
  await row.run({
    ...setting,
    problem,
    stoodStill(ms) {
      stoodStillMs = Math.max(stoodStillMs ?? 0, ms);
    },
    count(name, by) {
      found.counts[name] = (found.counts[name] ?? 0) + by;
    },
    async once(strike) {
      found.strikes += 1;
      await strike();
    },
    async repeatedly(strike) {
      for (let round = 0; round < times && !isRed(); round += 1) {
        found.strikes += 1;
        await strike(round);
      }
    },
    async recover({ hurry = true } = {}) {
      const began = performance.now();
      const limitMs = isControl ? drainInControlMs : drainMs;
      try {
        await retryUnknown(setting, limitMs);
        await drain(site, { limitMs, hurry });
      } catch (error) {
        problem((error as Error).message);
      }
      found.recoveryMs = Math.max(found.recoveryMs, performance.now() - began);
      const { lost, doubled, unasked } = log.compare(await effectsIn(site));
      const missing = await missingEvents(site);
      found.lost = Math.max(found.lost, lost.length + missing.length);
      found.doubled = Math.max(found.doubled, doubled.length);
      if (unasked.length > 0) problem(`in the ledger without being asked for: ${some(unasked)}`);
      for (const { id, count, offenders } of await violationsIn(site)) {
        problem(`verify: ${count} offenses against ${id}: ${offenders[0] ?? ''}`);
      }
    },
  });
  return { ...found, recoveryMs: stoodStillMs ?? found.recoveryMs };
}

async function retryUnknown(
  { log, customers }: Pick<Trial, 'log' | 'customers'>,
  limitMs: number,
): Promise<void> {
  await awaitCondition(
    'a response to every retry',
    async () => {
      await Promise.all(log.unknown().map((operation) => operation.attempt()));
      return { unknown: log.unknown().length, errors: Object.fromEntries(customers.errors) };
    },
    { satisfies: ({ unknown }) => unknown === 0, limitMs },
  );
}

/**
 * Waits until every message has been dealt with and every event is published. It asks the consumer, because nats-server 2.9
 * may keep acknowledged messages in the stream after it was killed.
 */
async function drain(
  site: Site,
  { limitMs, hurry }: { limitMs: number; hurry: boolean },
): Promise<void> {
  const left = async () => {
    if (hurry) await hurryUp(site);
    const consumer = await earnsConsumer(site);
    const messages = consumer.num_pending + consumer.num_ack_pending;
    const [rows] = await site.execute<{ outbox: number; waiting: number }>(
      `SELECT (SELECT count(*)::int FROM outbox) AS outbox,
        (SELECT count(*)::int FROM dead_letters WHERE state = 'WAITING') AS waiting`,
    );
    return { messages, ...rows };
  };
  await awaitCondition('nothing to deliver and an empty outbox', left, {
    satisfies: ({ messages, outbox, waiting }) => messages === 0 && outbox === 0 && waiting === 0,
    limitMs,
  });
}

/** How long JetStream waits for an acknowledgment before it delivers again, in a hurry. */
const ackWaitMs = 2_000;

/**
 * What a dead process had fetched is delivered again soon, and what it had leased is free: the services' own 30 seconds for
 * each would make hours of a few hundred faults. The ledger sets its time again whenever it starts.
 */
export async function hurryUp(site: Site): Promise<void> {
  const { config } = await earnsConsumer(site);
  const nanosPerMs = 1e6;
  if (config.ack_wait !== ackWaitMs * nanosPerMs) {
    const connection = await site.nats.connection({ timeoutMs: 1_000 });
    const { consumers } = await connection.jetstreamManager();
    const ack_wait = ackWaitMs * nanosPerMs;
    await consumers.update('LOYALTY_IN', 'ledger-earns', { ...config, ack_wait });
    await site.execute("UPDATE outbox SET leased_until = '-infinity' WHERE leased_until > now()");
  }
}

/** How many deliveries of purchases there were beyond the first of each. */
export async function redeliveries(site: Site): Promise<number> {
  const { delivered } = await earnsConsumer(site);
  return delivered.consumer_seq - delivered.stream_seq;
}

/** What JetStream says of the consumer that all ledgers share. */
async function earnsConsumer(site: Site) {
  const connection = await site.nats.connection({ timeoutMs: 1_000 });
  const { consumers } = await connection.jetstreamManager();
  return await consumers.info('LOYALTY_IN', 'ledger-earns');
}

async function effectsIn(site: Site): Promise<Effects> {
  const earns = await site.execute<{ key: string; times: number }>(
    `SELECT transaction_id AS key, count(*)::int AS times FROM entries WHERE kind = 'EARN' GROUP BY 1`,
  );
  const refunds = await site.execute<{ key: string; times: number }>(
    `SELECT refund_id AS key, count(*)::int AS times FROM entries WHERE kind = 'REFUND' GROUP BY 1`,
  );
  const redemptions = await site.execute<{ key: string; times: number }>(
    `SELECT idempotency_key AS key, count(*)::int AS times FROM redemptions
    WHERE state IN ('RESERVED', 'CAPTURED') GROUP BY 1`,
  );
  const byKey = (rows: typeof earns) => new Map(rows.map(({ key, times }) => [key, times]));
  return { earn: byKey(earns), redeem: byKey(redemptions), refund: byKey(refunds) };
}

function some(names: readonly string[]): string {
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}

/**
 * Ids of entries whose events no consumer can have seen. `loyalty verify` allows for clocks that differ by a minute, and a
 * trial is shorter than that.
 */
async function missingEvents(site: Site): Promise<string[]> {
  const entries = await site.execute<{ id: string }>(
    "SELECT membership_id || '-' || sequence AS id FROM entries",
  );
  const published = new Set<string | undefined>();
  await readStream({
    nats: site.nats,
    stream: 'LOYALTY_EVENTS',
    handle: ({ header }) => published.add(header('ce-id')),
  });
  return entries.map(({ id }) => id).filter((id) => !published.has(id));
}

/** What `loyalty verify` finds in the database. */
async function violationsIn({ ledgerDatabaseUrl }: Site): Promise<Violation[]> {
  const pool = createPool({ url: ledgerDatabaseUrl, max: 2, applicationName: 'verify', logger });
  try {
    return await verifyLedger(pool);
  } finally {
    await pool.end();
  }
}
