import { afterEach, expect, test } from '@jest/globals';
import type { Command } from '../src/app/ledger-store.ts';
import { type Balance, balanceAt } from '../src/domain/balance.ts';
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

/** The balance as it is after everything that is due was written, from all of the member's lots. */
async function writtenBalance(now: number): Promise<Balance | undefined> {
  const needs = { member: alice };
  const command: Command<Balance | undefined> = {
    needs,
    decide(locked) {
      const account = locked.bringUpToDate(alice);
      return account && balanceAt(account, now);
    },
  };
  const [outcome] = await ledger.commit([command], { waits: true });
  expect(outcome).toHaveProperty('result');
  return (outcome as { result: Balance | undefined }).result;
}

test.each([
  ['mature and expire, day by day', { maturation: days(3), expiry: livesFor(20) }],
  ['mature and never expire', { maturation: days(3) }],
  ['mature and expire by inactivity', { maturation: days(3), expiry: inactivity }],
  ['expire together', { expiry: livesFor(20) }],
])(
  'a balance of many purchases, whose points %s, is the one that is written later',
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
      expect(await ledger.balance('alice')).toEqual(await writtenBalance(now));
    }
  },
);

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
