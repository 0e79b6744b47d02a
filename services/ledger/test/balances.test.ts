import { afterEach, expect, jest, test } from '@jest/globals';
import type { Command, PageRequest } from '../src/app/ledger-store.ts';
import { lockedAccount } from '../src/app/locked-account.ts';
import type { Page } from '../src/app/page.ts';
import { balanceAt, expiriesOf, maturitiesOf } from '../src/domain/balance.ts';
import type { Account } from '../src/domain/journal.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  aRuleSet,
  author,
  rewards,
  startUseCases,
} from './commit-fixture.ts';
import { dayMs } from './moving-clock.ts';

let ledger: Awaited<ReturnType<typeof startUseCases>>;

afterEach(async () => {
  await ledger.stop();
});

const alice = { programId: 'wine-dine', userId: 'alice' };
const start = Date.parse('2026-03-01T12:00:00Z');
const glass = rewards({
  programId: 'wine-dine',
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed', value: { points: 12n } },
});

const days = (value: number) => ({ policy: { case: 'after' as const, value: { days: value } } });
const livesFor = (value: number) => ({
  policy: { case: 'after' as const, value: { period: { case: 'days' as const, value } } },
});
const inactivity = { policy: { case: 'inactivity' as const, value: { months: 1 } } };

async function shopDaily(from: number, to: number): Promise<void> {
  for (let day = from; day < to; day += 1) {
    const occurTime = new Date(start + day * dayMs);
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n, occurTime }), author);
  }
}

/** What there is after everything that is due was written, from all of the member's lots. */
async function written<Result>(read: (account: Account) => Result): Promise<Result> {
  const command: Command<Result> = {
    needs: { member: alice },
    decide: (locked) => read(lockedAccount(locked, alice)),
  };
  const [outcome] = await ledger.commit([command], { waits: true });
  expect(outcome).toHaveProperty('result');
  return (outcome as { result: Result }).result;
}

/** All pages of a list of dates. */
async function allDates<Item>(
  list: (query: typeof alice & PageRequest<number>) => Promise<Page<Item, number>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: number | undefined;
  for (;;) {
    const page = await list({ ...alice, limit: 2, after });
    items.push(...page.items);
    after = page.positions.at(-1);
    if (!page.hasMore) return items;
    expect(page.items).toHaveLength(2);
  }
}

test.each([
  ['mature and expire, day by day', { maturation: days(3), expiry: livesFor(20) }],
  ['mature and never expire', { maturation: days(3) }],
  ['mature and expire by inactivity', { maturation: days(3), expiry: inactivity }],
  ['expire together', { expiry: livesFor(20) }],
])(
  'a balance of many purchases, whose points %s, and its dates are those that are written later',
  async (_, ruleSet) => {
    ledger = await startUseCases(aProgram({ ruleSets: [aRuleSet(ruleSet)], rewards: glass }));
    ledger.setClock(new Date(start));
    await shopDaily(-30, 1);
    const hold = aRedemption({ userId: 'alice', capture: 'HOLD', holdSeconds: 5 * 86_400 });
    await ledger.redeem(hold, author);
    const debit = { ...alice, points: -205n, reason: 'an error', allowDeficit: true };
    await ledger.adjust({ ...debit, idempotencyKey: 'debit' }, author);
    for (const day of [0.9, 1, 2.4, 2.5, 4, 5.5, 12, 19, 40, 70]) {
      const now = start + day * dayMs;
      ledger.setClock(new Date(now));
      const balance = await ledger.balance('alice');
      const expiries = await allDates(ledger.listExpiries);
      const maturities = await allDates(ledger.listMaturities);
      expect(await written((account) => balanceAt(account, now))).toEqual(balance);
      expect(await written(expiriesOf)).toEqual(expiries);
      expect(await written(maturitiesOf)).toEqual(maturities);
      expect(expiries[0] && { points: expiries[0].points, time: expiries[0].time }).toEqual(
        balance.nextExpiry,
      );
      expect(maturities[0]).toEqual(balance.nextMaturity);
    }
  },
);

test('accounts that are asked for together are those that are asked for alone, whatever instants they are asked for', async () => {
  const ruleSet = aRuleSet({ maturation: days(3), expiry: livesFor(20) });
  ledger = await startUseCases(aProgram({ ruleSets: [ruleSet], rewards: glass }));
  ledger.setClock(new Date(start));
  await shopDaily(-30, 1);
  await ledger.earn(aPurchase({ userId: 'bob', minorUnits: 10_000n }), author);
  const hold = aRedemption({ userId: 'alice', capture: 'HOLD', holdSeconds: 5 * 86_400 });
  await ledger.redeem(hold, author);

  const questions = ['alice', 'nobody', 'bob', 'alice'].flatMap((userId) =>
    [0, 0.9, 2.4, 5.5, 12, 19, 40].map((day) => ({ userId, now: start + day * dayMs })),
  );
  const balanceOf = async ({ userId, now }: (typeof questions)[number]) => {
    const account = await ledger.reader.account({ ...alice, userId }, now);
    return account && balanceAt(account, now);
  };
  const alone = await Array.fromAsync(questions, balanceOf);
  const query = jest.spyOn(ledger.pool, 'query');
  expect(await Promise.all(questions.map(balanceOf))).toEqual(alone);
  expect(query).toHaveBeenCalledTimes(1);
  expect(new Set(alone).has(undefined)).toBe(true);
});

test('what expires next is told also where points that mature first pay a debt with all they are', async () => {
  const ruleSet = aRuleSet({ maturation: days(3), expiry: livesFor(20) });
  ledger = await startUseCases(aProgram({ ruleSets: [ruleSet] }));
  ledger.setClock(new Date(start));
  await shopDaily(0, 1);
  const debit = { ...alice, points: -10n, reason: 'an error', allowDeficit: true };
  await ledger.adjust({ ...debit, idempotencyKey: 'debit' }, author);
  ledger.setClock(new Date(start + dayMs));
  await shopDaily(1, 2);
  ledger.setClock(new Date(start + 4 * dayMs));
  expect(await ledger.balance('alice')).toMatchObject({
    available: 0n,
    pending: 10n,
    nextExpiry: { points: 10n, time: Date.parse('2026-03-27') },
  });
});

test('points that a hold keeps don’t expire until it ends, and pending ones are told apart', async () => {
  const ruleSet = aRuleSet({ maturation: days(3), expiry: livesFor(20) });
  ledger = await startUseCases(aProgram({ ruleSets: [ruleSet], rewards: glass }));
  ledger.setClock(new Date(start + dayMs));
  await shopDaily(0, 2);
  ledger.setClock(new Date('2026-03-06T12:00:00Z'));
  const hold = aRedemption({ userId: 'alice', capture: 'HOLD', holdSeconds: 2 * 86_400 });
  await ledger.redeem(hold, author);
  await shopDaily(5, 6);
  const expiring = (date: string, points: bigint, pendingPoints = 0n) => ({
    time: Date.parse(date),
    points,
    pendingPoints,
  });
  const latest = [expiring('2026-03-31', 10n, 10n)];
  expect(await allDates(ledger.listExpiries)).toEqual([expiring('2026-03-27', 8n), ...latest]);
  expect(await allDates(ledger.listMaturities)).toEqual([
    { time: Date.parse('2026-03-10'), points: 10n },
  ]);
  ledger.setClock(new Date('2026-03-08T12:00:00Z'));
  const released = [expiring('2026-03-26', 10n), expiring('2026-03-27', 10n)];
  expect(await allDates(ledger.listExpiries)).toEqual([...released, ...latest]);
});

test('someone who never joined has no dates', async () => {
  ledger = await startUseCases(aProgram());
  for (const list of [ledger.listExpiries, ledger.listMaturities]) {
    const refused = { reason: 'MEMBERSHIP_NOT_FOUND' };
    await expect(list({ ...alice, limit: 1, after: undefined })).rejects.toMatchObject(refused);
  }
});
