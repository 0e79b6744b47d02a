import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { awaitKnown } from './known-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { beginElsewhere } from './other-transaction.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  createProgram,
  type Purchase,
  publishRule,
  purchase,
  refusalOf,
  type Setting,
  secondsAndNanos,
} from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const earn = (request: Parameters<Setting['clients']['ledger']['earn']>[0]) =>
  setting.clients.ledger.earn(request, { ...checkout, requestId: 'call-1' });

describe('a purchase', () => {
  test('gives each of the member’s programs its own points', async () => {
    const wineDine = await createMember(setting, { points: 5n });
    const frequentFlyer = await createMember(setting, { points: 1n });

    const first = await earn({ ...wineDine, transaction: purchase(25_000) });
    const second = await earn({ ...frequentFlyer, transaction: purchase(25_000) });

    expect(first).toMatchObject({ replayed: false, earn: { points: 10n, ruleSetVersion: 1 } });
    expect(first.balance).toMatchObject({ available: 10n, lifetimeEarned: 10n, pending: 0n });
    expect(first.earn?.explanation).toMatchObject([{ ruleId: 'base', points: '10' }]);
    expect(first.earn).toMatchObject({ state: Earn_State.POSTED, userId: 'alice' });
    expect(first.earn?.expireTime).toBeUndefined();
    expect(first.earn?.availableTime).toEqual(first.earn?.postTime);
    expect(second.balance?.available).toBe(2n);
  });

  test('is told by its earn: when it happened, how much it was and where', async () => {
    const member = await createMember(setting);
    const transaction = {
      ...purchase(25_000, { occurTime: { seconds: 1_772_366_400n, nanos: 250_999_999 } }),
      channel: 'web',
    };
    const posted = await earn({ ...member, transaction });
    const { transactionId } = transaction;
    const shown = await Promise.all([
      setting.clients.ledger.getEarn({ programId: member.programId, transactionId }, checkout),
      setting.clients.ledger
        .listEarns(member, checkout)
        .then(({ earns: [each] }) => ({ earn: each })),
    ]);
    for (const { earn: each } of [posted, ...shown]) {
      expect(each).toMatchObject({
        occurTime: { seconds: 1_772_366_400n, nanos: 250_000_000 },
        amount: { currencyCode: 'USD', minorUnits: 25_000n },
        channel: 'web',
      });
    }
  });

  test('reported again changes nothing and says so', async () => {
    const member = await createMember(setting);
    const transaction = purchase(25_000);
    const first = await earn({ ...member, transaction });
    const again = await earn({ ...member, transaction });
    expect(again).toEqual({ ...first, replayed: true });
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    expect(entries.map(({ kind }) => kind)).toEqual([Entry_Kind.EARN, Entry_Kind.JOINED]);
  });

  test(
    'of a member whose row somebody else has locked is refused alone, and may be retried',
    async () => {
      const member = await createMember(setting);
      const other = { ...member, userId: 'bob' };
      await setting.clients.memberships.joinProgram(other, checkout);
      const holder = await beginElsewhere(setting.databaseUrl);
      try {
        await holder.query(
          "SELECT 1 FROM memberships WHERE program_id = $1 AND user_id = 'alice' FOR UPDATE",
          [member.programId],
        );
        const [refusal, { outcomes }] = await Promise.all([
          refusalOf(earn({ ...member, transaction: purchase(10_000) })),
          setting.clients.ledger.batchEarn(
            {
              programId: member.programId,
              earns: [member, other].map(({ userId }) => ({
                userId,
                transaction: purchase(10_000),
              })),
            },
            checkout,
          ),
        ]);
        expect(refusal).toMatchObject({ code: 10, reason: 'CONTENTION', retryAfterMs: 100 });
        expect(outcomes.map(({ result }) => result)).toMatchObject([
          { case: 'failure', value: { reason: ErrorReason.CONTENTION } },
          { case: 'success' },
        ]);
      } finally {
        await holder.end();
      }
      await earn({ ...member, transaction: purchase(10_000) });
      expect(await availablePoints(setting, member)).toBe(5n);
    },
    patience(30_000),
  );

  test('reported a hundred times at once is credited once', async () => {
    const member = await createMember(setting);
    const transaction = purchase(10_000);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => earn({ ...member, transaction })),
    );
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await availablePoints(setting, member)).toBe(5n);
  });

  test('with the id of another one is a conflict that names what differs', async () => {
    const member = await createMember(setting);
    const transaction = purchase(25_000);
    await earn({ ...member, transaction });
    const amount = { currencyCode: 'USD', minorUnits: 30_000n };
    const conflict = await refusalOf(earn({ ...member, transaction: { ...transaction, amount } }));
    expect(conflict).toMatchObject({ code: 6, reason: 'TRANSACTION_CONFLICT' });
    expect(conflict.metadata['fields']).toContain('amount');
    expect(await availablePoints(setting, member)).toBe(10n);
  });

  test('of another user under the same id is a conflict that doesn’t tell whose it is', async () => {
    const { programId } = await createMember(setting);
    await setting.clients.memberships.joinProgram({ programId, userId: 'bob' }, checkout);
    const transaction = purchase(25_000);
    await earn({ programId, userId: 'alice', transaction });
    const conflict = await refusalOf(earn({ programId, userId: 'bob', transaction }));
    expect(conflict.reason).toBe('TRANSACTION_CONFLICT');
    expect(JSON.stringify([conflict.message, conflict.metadata])).not.toContain('alice');
  });

  test('of two users under one id at the same time is credited to one of them', async () => {
    const programId = await createProgram(setting, { settings: { enrollment: 2 } });
    const transaction = purchase(10_000);
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    const outcomes = await Promise.allSettled(
      users.map((userId) => earn({ programId, userId, transaction })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('of nothing is an earn of no points', async () => {
    const member = await createMember(setting);
    const { earn: posted } = await earn({ ...member, transaction: purchase(0) });
    expect(posted).toMatchObject({ points: 0n, state: Earn_State.POSTED });
  });

  test('is shown with who reported it in which call', async () => {
    const member = await createMember(setting);
    const transaction = purchase(10_000);
    await earn({ ...member, transaction });
    const { entries } = await setting.clients.ledger.listEntries(
      { ...member, kinds: [Entry_Kind.EARN] },
      checkout,
    );
    expect(entries).toMatchObject([
      {
        sequence: 2n,
        points: 5n,
        available: 5n,
        balanceAfter: 5n,
        transactionId: transaction.transactionId,
        actor: 'service:checkout',
        requestId: 'call-1',
      },
    ]);
    const { earn: shown } = await setting.clients.ledger.getEarn(
      { programId: member.programId, transactionId: transaction.transactionId },
      admin,
    );
    expect(shown).toMatchObject({ transactionId: transaction.transactionId, points: 5n });
  });
});

describe('is refused', () => {
  test.each([
    ['a user who never joined', { userId: 'nobody' }, 'MEMBERSHIP_NOT_FOUND'],
    ['an unknown program', { programId: 'no-such-program' }, 'PROGRAM_NOT_FOUND'],
    ['a negative amount', { transaction: purchase(-1) }, 'VALIDATION_FAILED'],
    [
      'an id with a NUL',
      { transaction: purchase(1, { transactionId: 'a\0' }) },
      'VALIDATION_FAILED',
    ],
    ['no transaction', { transaction: undefined }, 'VALIDATION_FAILED'],
    [
      'a purchase of tomorrow',
      { transaction: purchase(1, { occurTime: secondsAndNanos(Date.now() + 86_400_000) }) },
      'VALIDATION_FAILED',
    ],
    [
      'a purchase of the year 200 million',
      { transaction: purchase(1, { occurTime: { seconds: 6_311_390_400_000_000n, nanos: 0 } }) },
      'VALIDATION_FAILED',
    ],
    [
      'a time with negative nanoseconds',
      { transaction: purchase(1, { occurTime: { seconds: 1_700_000_000n, nanos: -1 } }) },
      'VALIDATION_FAILED',
    ],
  ])('%s', async (_, change, reason) => {
    const member = await createMember(setting);
    const report = { ...member, transaction: purchase(100), ...change };
    expect(await refusalOf(earn(report as typeof member))).toMatchObject({ reason });
  });

  test('an amount without a number, and the id is free for the purchase with one', async () => {
    const member = await createMember(setting);
    const transaction = purchase(10_000);
    const amount = { currencyCode: 'USD' };
    const item = { itemId: '1', quantity: 1, amount };
    expect(
      await refusalOf(earn({ ...member, transaction: { ...transaction, amount, items: [item] } })),
    ).toMatchObject({
      code: 3,
      reason: 'VALIDATION_FAILED',
      violations: [
        { field: 'transaction.amount.minor_units', message: 'must be given' },
        { field: 'transaction.items[0].amount.minor_units', message: 'must be given' },
      ],
    });
    const { replayed } = await earn({ ...member, transaction });
    expect(replayed).toBe(false);
    expect(await availablePoints(setting, member)).toBe(5n);
  });

  test('everything in a suspended program, until it is active again', async () => {
    const member = await createMember(setting);
    const { programs } = setting.clients;
    await programs.suspendProgram({ programId: member.programId }, admin);
    const transaction = purchase(10_000);
    await eventually(async () => {
      const refusal = await refusalOf(earn({ ...member, transaction: purchase(0) }));
      expect(refusal.reason).toBe('PROGRAM_NOT_ACTIVE');
    });
    await programs.activateProgram({ programId: member.programId }, admin);
    await eventually(() => earn({ ...member, transaction }));
    expect(await availablePoints(setting, member)).toBe(5n);
  });
});

test('new rules count from their time on, at every replica', async () => {
  const member = await createMember(setting);
  const replica = await setting.startReplica();
  try {
    await replica.clients.ledger.earn({ ...member, transaction: purchase(10_000) }, checkout);
    const version = await publishRule(setting, { programId: member.programId, points: 7n });
    const ledgers = [setting.clients, replica.clients];
    await awaitKnown(member, setting.clients, ledgers);
    setting.letPass(2 * secondMs);
    for (const { ledger } of ledgers) {
      const transaction = purchase(10_000, { occurTime: secondsAndNanos(setting.now()) });
      const { earn: posted } = await ledger.earn({ ...member, transaction }, checkout);
      expect(posted).toMatchObject({ ruleSetVersion: version, points: 7n });
    }
  } finally {
    await replica.stop();
  }
});

describe('a batch', () => {
  const batchEarn = async (
    programId: string,
    earns: { userId: string; transaction?: Purchase }[],
  ) => (await setting.clients.ledger.batchEarn({ programId, earns }, checkout)).outcomes;

  test('of a thousand purchases is credited whole, in the order of the request', async () => {
    const { programId, userId } = await createMember(setting);
    const earns = Array.from({ length: 1_000 }, () => ({ userId, transaction: purchase(10_000) }));
    const outcomes = await batchEarn(programId, earns);
    expect(outcomes.map(({ transactionId }) => transactionId)).toEqual(
      earns.map(({ transaction }) => transaction.transactionId),
    );
    expect(outcomes.every(({ result }) => result.case === 'success')).toBe(true);
    expect(await availablePoints(setting, { programId, userId })).toBe(5_000n);
  });

  test('credits the good ones and says of each other one what is wrong', async () => {
    const { programId, userId } = await createMember(setting);
    const same = purchase(10_000);
    const other = { ...same, amount: { currencyCode: 'USD', minorUnits: 1n } };
    const outcomes = await batchEarn(programId, [
      { userId, transaction: same },
      { userId, transaction: same },
      { userId, transaction: other },
      { userId: 'nobody', transaction: purchase(10_000) },
      { userId, transaction: purchase(-5) },
      { userId },
      { userId: '', transaction: purchase(10_000) },
      { userId, transaction: purchase(20_000) },
    ]);
    const summary = outcomes.map(({ result }) =>
      result.case === 'success'
        ? { replayed: result.value.replayed, points: result.value.earn?.points }
        : result.value?.reason,
    );
    expect(summary).toEqual([
      { replayed: false, points: 5n },
      { replayed: true, points: 5n },
      ErrorReason.TRANSACTION_CONFLICT,
      ErrorReason.MEMBERSHIP_NOT_FOUND,
      ErrorReason.VALIDATION_FAILED,
      ErrorReason.VALIDATION_FAILED,
      ErrorReason.VALIDATION_FAILED,
      { replayed: false, points: 10n },
    ]);
    expect(outcomes[4]?.result).toMatchObject({
      value: { violations: [{ field: 'transaction.amount.minor_units' }] },
    });
    expect(await availablePoints(setting, { programId, userId })).toBe(15n);
  });

  test('of more than a thousand, or of none, is refused whole', async () => {
    const { programId, userId } = await createMember(setting);
    const transaction = purchase(10_000);
    const many = Array.from({ length: 1_001 }, () => ({ userId, transaction }));
    expect(await refusalOf(batchEarn(programId, many))).toMatchObject({ code: 3 });
    expect(await refusalOf(batchEarn(programId, []))).toMatchObject({ code: 3 });
    expect(await availablePoints(setting, { programId, userId })).toBe(0n);
  });
});

describe('the journal', () => {
  test('is read page by page, the newest entry first, by kind and time', async () => {
    const member = await createMember(setting);
    for (let index = 0; index < 5; index++) {
      await earn({ ...member, transaction: purchase(10_000) });
    }
    const { ledger } = setting.clients;
    const sequences: bigint[] = [];
    let pageToken = '';
    do {
      const page = await ledger.listEntries({ ...member, pageSize: 2, pageToken }, checkout);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      sequences.push(...page.entries.map(({ sequence }) => sequence));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(sequences).toEqual([6n, 5n, 4n, 3n, 2n, 1n]);

    const joined = await ledger.listEntries({ ...member, kinds: [Entry_Kind.JOINED] }, checkout);
    expect(joined.entries.map(({ sequence }) => sequence)).toEqual([1n]);
    const startTime = joined.entries[0]?.createTime;
    const before =
      startTime && (await ledger.listEntries({ ...member, endTime: startTime }, checkout));
    expect(before?.entries).toEqual([]);
  });

  test('refuses a page token of another list', async () => {
    const member = await createMember(setting, { cents: 10_000 });
    const { ledger } = setting.clients;
    const { nextPageToken } = await ledger.listEntries({ ...member, pageSize: 1 }, checkout);
    const others = ledger.listEntries(
      { ...member, pageToken: nextPageToken, kinds: [Entry_Kind.EARN] },
      checkout,
    );
    expect(await refusalOf(others)).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'page_token' }],
    });
  });
});
