// What somebody else keeps locked holds up those who need it, and nobody else.
import { afterEach, describe, expect, test } from '@jest/globals';
import { patience } from '@loyalty/local/test-patience.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  author,
  rewards,
  startUseCases,
  type UseCases,
} from './commit-fixture.ts';
import { beginElsewhere } from './other-transaction.ts';

type OtherTransaction = Awaited<ReturnType<typeof beginElsewhere>>;

let ledger: Awaited<ReturnType<typeof startUseCases>>;
let others: OtherTransaction[] = [];

// Which looks at all invariants of the ledger.
afterEach(async () => {
  for (const other of others) await other.end();
  others = [];
  await ledger.stop();
}, patience(20_000));

async function lockElsewhere(statement: string, values: unknown[] = []): Promise<OtherTransaction> {
  const other = await beginElsewhere(ledger.databaseUrl);
  others.push(other);
  await other.query(statement, values);
  return other;
}

const fixed = (points: bigint) => ({ case: 'fixed' as const, value: { points } });
const program = aProgram({
  rewards: rewards(
    { programId: 'wine-dine', rewardId: 'glass', price: fixed(1n), stock: { limit: 1_000n } },
    { programId: 'wine-dine', rewardId: 'bottle', price: fixed(1n), stock: { limit: 1_000n } },
  ),
});

const users = Array.from({ length: 250 }, (_, index) => `user-${index}`);

function earnAs(
  userId: string,
  { on = ledger, transactionId }: { on?: UseCases; transactionId?: string } = {},
) {
  const purchase = {
    userId,
    minorUnits: 10_000n,
    ...(transactionId !== undefined && { transactionId }),
  };
  return on.earn(aPurchase(purchase), author);
}

/** A call, and whether it has been answered. */
function watched<Result>(answer: Promise<Result>) {
  const call = { answer, isAnswered: false };
  const onAnswer = () => {
    call.isAnswered = true;
  };
  answer.then(onAnswer, onAnswer);
  return call;
}

/** Four purchases of each user, one after the other. */
async function earnFourTimes(members: readonly string[]): Promise<void> {
  await Promise.all(
    members.map(async (userId) => {
      for (let n = 0; n < 4; n += 1) await earnAs(userId);
    }),
  );
}

async function countOf(table: string, where = 'true'): Promise<number> {
  const { rows } = await ledger.pool.query(
    `SELECT count(*)::int AS n FROM ${table} WHERE ${where}`,
  );
  return rows[0].n;
}

describe('a membership that is locked', () => {
  const lockAlice = () =>
    lockElsewhere("SELECT 1 FROM memberships WHERE user_id = 'alice' FOR UPDATE");

  test('holds up its own member, and none of a thousand purchases of others', async () => {
    ledger = await startUseCases(program);
    await Promise.all(['alice', ...users].map((userId) => earnAs(userId)));
    const other = await lockAlice();
    const earning = watched(earnAs('alice'));
    await earnFourTimes(users);
    expect(earning.isAnswered).toBe(false);
    await other.query('COMMIT');
    expect(await earning.answer).toMatchObject({ replayed: false, balance: { available: 10n } });
  });

  test(
    'for long, is answered with an error that says to try again',
    async () => {
      ledger = await startUseCases(program);
      await earnAs('alice');
      const other = await lockAlice();
      const transactionId = 'order-1';
      const refused = { reason: 'CONTENTION', retryAfterMs: expect.any(Number) };
      await expect(earnAs('alice', { transactionId })).rejects.toMatchObject(refused);
      await other.query('COMMIT');
      expect(await earnAs('alice', { transactionId })).toMatchObject({ replayed: false });
    },
    patience(20_000),
  );

  test('holds up the refund of its purchase, and not that of another', async () => {
    ledger = await startUseCases(program);
    await earnAs('alice', { transactionId: 'order-1' });
    await earnAs('bob', { transactionId: 'order-2' });
    const other = await lockAlice();
    const refund = (transactionId: string) =>
      ledger.reverseEarn(
        { programId: 'wine-dine', transactionId, refundId: 'refund-1', extent: { kind: 'FULL' } },
        author,
      );
    const refunding = watched(refund('order-1'));
    expect(await refund('order-2')).toMatchObject({ refund: { state: 'APPLIED' } });
    expect(refunding.isAnswered).toBe(false);
    await other.query('COMMIT');
    expect(await refunding.answer).toMatchObject({ refund: { state: 'APPLIED' } });
  });
});

test(
  'a table that an operator locks can be read later',
  async () => {
    ledger = await startUseCases(program);
    await earnAs('alice');
    const other = await lockElsewhere('LOCK TABLE memberships IN ACCESS EXCLUSIVE MODE');
    const refused = { reason: 'STORAGE_UNAVAILABLE', retryAfterMs: expect.any(Number) };
    await expect(ledger.balance('alice')).rejects.toMatchObject(refused);
    await other.query('COMMIT');
    expect(await ledger.balance('alice')).toMatchObject({ available: 5n });
  },
  patience(20_000),
);

describe('a key that another replica inserted and did not commit', () => {
  const insertEarn = () =>
    lockElsewhere(
      `INSERT INTO earns (program_id, transaction_id, state) VALUES ('wine-dine', 'order-1', 'AWAITED')`,
    );

  test('holds up its own purchase, and none of a thousand others', async () => {
    ledger = await startUseCases(program);
    await Promise.all(['alice', ...users].map((userId) => earnAs(userId)));
    const other = await insertEarn();
    const earning = watched(earnAs('alice', { transactionId: 'order-1' }));
    await earnFourTimes(users);
    expect(earning.isAnswered).toBe(false);
    await other.query('ROLLBACK');
    expect(await earning.answer).toMatchObject({ replayed: false, balance: { available: 10n } });
    expect(await countOf('earns')).toBe(251 + 1_000 + 1);
  });

  test('that is committed in the end is found by those who waited for it', async () => {
    ledger = await startUseCases(program);
    const other = await insertEarn();
    const earning = watched(earnAs('alice', { transactionId: 'order-1' }));
    const again = watched(earnAs('alice', { transactionId: 'order-1' }));
    await Promise.all(users.map((userId) => earnAs(userId)));
    expect([earning.isAnswered, again.isAnswered]).toEqual([false, false]);
    await other.query('COMMIT');
    const answers = await Promise.all([earning.answer, again.answer]);
    expect(answers.filter(({ replayed }) => replayed)).toHaveLength(1);
    expect(await countOf('earns', "transaction_id = 'order-1'")).toBe(1);
  });

  test('of a new member holds up that member, and none of a thousand other new ones', async () => {
    ledger = await startUseCases(program);
    const other = await lockElsewhere(
      "INSERT INTO member_ids (program_id, user_id, membership_id) VALUES ('wine-dine', 'alice', 999999)",
    );
    const joining = watched(earnAs('alice'));
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => earnAs(`new-${String(index).padStart(4, '0')}`)),
    );
    expect(joining.isAnswered).toBe(false);
    await other.query('ROLLBACK');
    expect(await joining.answer).toMatchObject({ replayed: false });
  });
});

test('a burst of first-time users in two replicas is credited, each once', async () => {
  ledger = await startUseCases(program);
  const replicas = [ledger, ledger.addReplica(), ledger.addReplica()];
  const newcomers = Array.from({ length: 1_000 }, (_, index) => `new-${(index * 7_919) % 1_000}`);
  // Each replica hears of them in an order of its own.
  const answers = await Promise.allSettled(
    replicas.flatMap((on, replica) =>
      newcomers
        .map((_, index) => newcomers[(index * (replica * 2 + 1)) % 1_000] ?? '')
        .map((userId) => earnAs(userId, { on })),
    ),
  );
  const refusals = answers.flatMap((answer) =>
    answer.status === 'rejected' ? [answer.reason.reason] : [],
  );
  expect(refusals).toEqual([]);
  expect(await countOf('memberships')).toBe(1_000);
  expect(await countOf('earns')).toBe(3_000);
});

test('stock that is locked holds up those who want that reward', async () => {
  ledger = await startUseCases(program);
  await Promise.all(users.map((userId) => earnAs(userId)));
  const redeem = (userId: string, rewardId: string) =>
    ledger.redeem(aRedemption({ userId, rewardId }), author);
  await redeem('user-0', 'glass');
  const other = await lockElsewhere(
    "SELECT 1 FROM reward_stock WHERE reward_id = 'glass' FOR UPDATE",
  );
  const waiting = ['user-0', 'user-1'].map((userId) => watched(redeem(userId, 'glass')));
  await Promise.all(users.slice(2).flatMap((userId) => [redeem(userId, 'bottle'), earnAs(userId)]));
  expect(waiting.map(({ isAnswered }) => isAnswered)).toEqual([false, false]);
  await other.query('COMMIT');
  const captured = { redemption: { state: 'CAPTURED' } };
  expect(await Promise.all(waiting.map(({ answer }) => answer))).toMatchObject([
    captured,
    captured,
  ]);
});

test('stock that is locked holds up members whose hold of it has ended, and nobody else', async () => {
  ledger = await startUseCases(program);
  ledger.setClock(new Date('2026-03-02T12:00:00Z'));
  await Promise.all(['alice', 'bob'].map((userId) => earnAs(userId)));
  const hold = { userId: 'alice', capture: 'HOLD', holdSeconds: 60 } as const;
  await ledger.redeem(aRedemption(hold), author);
  ledger.setClock(new Date('2026-03-02T12:02:00Z'));
  const other = await lockElsewhere('SELECT 1 FROM reward_stock FOR UPDATE');
  const earning = watched(earnAs('alice'));
  await earnAs('bob');
  expect(earning.isAnswered).toBe(false);
  await other.query('COMMIT');
  expect(await earning.answer).toMatchObject({ balance: { available: 10n, reserved: 0n } });
});

test('two replicas that credit the same members at once both get on', async () => {
  ledger = await startUseCases(program);
  const replicas = [ledger, ledger.addReplica()];
  const members = ['alice', 'bob', 'carol'];
  const answers = await Promise.all(
    replicas.flatMap((on) =>
      Array.from({ length: 60 }, async (_, index) => {
        for (let n = 0; n < 10; n += 1) await earnAs(members[(index + n) % 3] ?? '', { on });
        return 'done';
      }),
    ),
  );
  expect(answers).toHaveLength(120);
  expect(await countOf('earns')).toBe(1_200);
  expect(replicas.flatMap(({ deadlocks }) => deadlocks)).toEqual([]);
});

test(
  'a replica that stops in the middle of a transaction keeps no locks, and goes on when it continues',
  async () => {
    let stopMs = 0;
    const duringCommit = () => {
      // Stands still as after SIGSTOP, for longer than the server waits for it.
      if (stopMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stopMs);
      stopMs = 0;
    };
    ledger = await startUseCases(program);
    const stopping = ledger.addReplica({ duringCommit });
    await earnAs('alice');
    stopMs = 3_500;
    await earnAs('alice', { on: stopping, transactionId: 'order-1' });
    expect(stopMs).toBe(0);
    expect(await countOf('earns', "transaction_id = 'order-1'")).toBe(1);
  },
  patience(20_000),
);
