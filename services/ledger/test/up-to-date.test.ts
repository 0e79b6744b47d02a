import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { createLogger } from '@loyalty/platform/logging.ts';
import { consume } from '@loyalty/platform/messaging/consumer.ts';
import {
  type EntryRecorded,
  EntryRecordedSchema,
} from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import pg from 'pg';
import { createCustomMember, createCustomProgram, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { checkout, purchase, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
let database: pg.Client;
beforeAll(async () => {
  setting = await startMovingSetting();
  database = new pg.Client(setting.databaseUrl);
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await setting.stop();
});

/** How many memberships still have something due, and how often each kind of entry was written. */
async function journalOf(programId: string) {
  const { rows } = await database.query<{ kind: string; entries: number; members: number }>(
    `SELECT kind, count(*)::integer AS entries, count(DISTINCT membership_id)::integer AS members
     FROM entries JOIN memberships USING (membership_id)
     WHERE memberships.program_id = $1 GROUP BY kind`,
    [programId],
  );
  return Object.fromEntries(rows.map(({ kind, entries, members }) => [kind, { entries, members }]));
}

/** `count` members, each with the points of one purchase made now. */
async function createMembers(
  count: number,
  program: Parameters<typeof createCustomProgram>[1],
): Promise<string> {
  const programId = await createCustomProgram(setting, {
    ...program,
    settings: { enrollment: Program_Enrollment.AUTO },
  });
  const occurTime = secondsAndNanos(setting.now());
  const earns = Array.from({ length: count }, (_, index) => ({
    userId: `user-${index}`,
    transaction: purchase(1_000, { occurTime }),
  }));
  const { outcomes } = await setting.clients.ledger.batchEarn({ programId, earns }, checkout);
  expect(outcomes.every(({ result }) => result.case === 'success')).toBe(true);
  return programId;
}

const after = (days: number) => ({ policy: { case: 'after', value: { days } } }) as const;
const expiresAfter = (days: number) =>
  ({
    policy: { case: 'after', value: { period: { case: 'days', value: days } } },
  }) as const;

describe('what time brings about for members whom nobody touches', () => {
  test(
    'is written once, by several ledgers together',
    async () => {
      const replicas = await Promise.all([setting.startReplica(), setting.startReplica()]);
      try {
        // More than a batch, and it comes in two steps.
        const count = 1_000;
        const programId = await createMembers(count, {
          ruleSet: { maturation: after(7), expiry: expiresAfter(30) },
        });
        setting.letPass(8 * dayMs);
        const matured = { entries: count, members: count };
        await eventually(
          async () => expect((await journalOf(programId))['MATURE']).toEqual(matured),
          20_000,
        );
        expect((await journalOf(programId))['EXPIRE']).toBeUndefined();
        setting.letPass(31 * dayMs);
        await eventually(
          async () =>
            expect(await journalOf(programId)).toEqual({
              JOINED: matured,
              EARN: matured,
              MATURE: matured,
              EXPIRE: matured,
            }),
          20_000,
        );
        const { rows } = await database.query(
          `SELECT sum(available + pending + reserved)::integer AS points,
          sum(lifetime_expired)::integer AS expired
         FROM memberships WHERE program_id = $1`,
          [programId],
        );
        expect(rows).toEqual([{ points: 0, expired: count * 10 }]);
      } finally {
        await Promise.all(replicas.map((replica) => replica.stop()));
      }
    },
    patience(60_000),
  );

  test('is announced like everything else', async () => {
    const leaving = new AbortController();
    const announced: EntryRecorded[] = [];
    const member = await createCustomMember(setting, {
      rewards: [fixed('glass', 4n)],
      ruleSet: { maturation: after(7), expiry: expiresAfter(30) },
    });
    const consuming = consume({
      nats: setting.nats,
      stream: 'LOYALTY_EVENTS',
      durable: 'test',
      filter: `loyalty.events.v1.${member.programId}.>`,
      batch: 100,
      maxAckPending: 1_000,
      ackWaitMs: 30_000,
      async handle(message) {
        if (message.header('ce-source') === '/ledger') {
          announced.push(fromBinary(EntryRecordedSchema, message.data));
        }
        return 'ack';
      },
      signal: leaving.signal,
      logger: createLogger({ name: 'test', level: 'silent' }),
    });
    try {
      const occurTime = secondsAndNanos(setting.now());
      const { ledger, redemptions } = setting.clients;
      await ledger.earn({ ...member, transaction: purchase(1_000, { occurTime }) }, checkout);
      setting.letPass(8 * dayMs);
      const capture = RedeemRequest_Capture.HOLD;
      const hold = { rewardId: 'glass', idempotencyKey: 'key', capture, holdSeconds: 60 };
      await redemptions.redeem({ ...member, ...hold }, checkout);
      setting.letPass(60 * secondMs);
      const sequenceOf = ({ entry }: EntryRecorded) => Number(entry?.sequence);
      const kinds = () =>
        announced
          .toSorted((a, b) => sequenceOf(a) - sequenceOf(b))
          .map(({ entry }) => [entry?.kind, entry?.points, entry?.actor]);
      await eventually(() => expect(kinds()).toHaveLength(5));
      setting.letPass(31 * dayMs);
      await eventually(() =>
        expect(kinds()).toEqual([
          [Entry_Kind.JOINED, 0n, 'service:checkout'],
          [Entry_Kind.EARN, 10n, 'service:checkout'],
          [Entry_Kind.MATURE, 0n, 'system'],
          [Entry_Kind.RESERVE, 0n, 'service:checkout'],
          [Entry_Kind.RELEASE, 0n, 'system'],
          [Entry_Kind.EXPIRE, -10n, 'system'],
        ]),
      );
    } finally {
      leaving.abort();
      await consuming;
    }
  });
});

describe('time passes for a member before any job has written so:', () => {
  test('pending points count as available, and then as expired', async () => {
    const member = await createCustomMember(setting, {
      ruleSet: { maturation: after(7), expiry: expiresAfter(30) },
    });
    const { ledger, memberships } = setting.clients;
    const occurTime = secondsAndNanos(setting.now());
    await ledger.earn({ ...member, transaction: purchase(1_000, { occurTime }) }, checkout);
    // Nobody else can write to the memberships now, no job either.
    await database.query('BEGIN');
    try {
      await database.query('SELECT 1 FROM memberships FOR UPDATE');
      setting.letPass(8 * dayMs);
      const { balance } = await ledger.getBalance(member, checkout);
      expect(balance).toMatchObject({ available: 10n, pending: 0n });
      setting.letPass(31 * dayMs);
      const { members } = await memberships.listMembers(member, checkout);
      expect(members).toMatchObject([{ balance: { available: 0n, lifetimeExpired: 10n } }]);
    } finally {
      await database.query('ROLLBACK');
    }
  });

  test('inactivity takes all points at once, unless the member does something', async () => {
    const expiry = { policy: { case: 'inactivity', value: { months: 2 } } } as const;
    const member = await createCustomMember(setting, {
      rewards: [fixed('glass', 4n)],
      ruleSet: { expiry },
    });
    const { ledger, redemptions } = setting.clients;
    const earn = () =>
      ledger.earn(
        {
          ...member,
          transaction: purchase(1_000, { occurTime: secondsAndNanos(setting.now()) }),
        },
        checkout,
      );
    await earn();
    setting.letPass(50 * dayMs);
    await earn();
    setting.letPass(50 * dayMs);
    const spent = { ...member, rewardId: 'glass', idempotencyKey: 'key' };
    expect((await redemptions.redeem(spent, checkout)).balance).toMatchObject({ available: 16n });
    setting.letPass(50 * dayMs);
    expect((await ledger.getBalance(member, checkout)).balance).toMatchObject({ available: 16n });
    setting.letPass(15 * dayMs);
    expect((await ledger.getBalance(member, checkout)).balance).toMatchObject({
      available: 0n,
      lifetimeExpired: 16n,
    });
  });
});
