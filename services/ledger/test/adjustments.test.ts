import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { createCustomMember, fixed } from './custom-program.ts';
import { eventually } from './eventually.ts';
import { dayMs, type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, purchase, refusalOf, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

type Member = { programId: string; userId: string };
type Request = Parameters<MovingSetting['clients']['ledger']['adjustBalance']>[0];

function adjust(member: Member, points: bigint, changes: Request = {}, caller = admin) {
  return setting.clients.ledger.adjustBalance(
    { ...member, points, idempotencyKey: 'key', reason: 'goodwill', ...changes },
    caller,
  );
}

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

describe('an adjustment', () => {
  test('adds points that can be spent at once and don’t count as earned', async () => {
    const member = await createCustomMember(setting, { rewards: [fixed('glass', 10n)] });
    const answer = await adjust(member, 10n);
    expect(answer).toMatchObject({
      replayed: false,
      entry: { kind: Entry_Kind.ADJUST, points: 10n, reason: 'goodwill', actor: 'admin:ann' },
      balance: { available: 10n, lifetimeEarned: 0n },
    });
    const { ledger, redemptions } = setting.clients;
    const { entries } = await ledger.listEntries(member, checkout);
    expect(entries[0]).toEqual(answer.entry);
    await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'a' }, checkout);
  });

  test('takes points, and no more than there are unless a deficit is allowed', async () => {
    const member = await createCustomMember(setting, { dollars: 10 });
    expect((await adjust(member, -4n)).balance).toMatchObject({ available: 6n });
    const more = { idempotencyKey: 'more' };
    expect(await refusalOf(adjust(member, -10n, more))).toMatchObject({
      code: 9,
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '4' },
    });
    const answer = await adjust(member, -10n, { ...more, allowDeficit: true });
    expect(answer).toMatchObject({
      entry: { points: -10n, available: -6n, deficit: 4n },
      balance: { available: 0n, deficit: 4n, lifetimeEarned: 10n },
    });
    expect((await adjust(member, 5n, { idempotencyKey: 'back' })).balance).toMatchObject({
      available: 1n,
      deficit: 0n,
    });
  });

  test('is made once for each key', async () => {
    const member = await createCustomMember(setting);
    const answers = await Promise.all(Array.from({ length: 40 }, () => adjust(member, 7n)));
    const [made, ...others] = answers.filter(({ replayed }) => !replayed);
    expect(others).toEqual([]);
    expect(await adjust(member, 7n)).toEqual({ ...made, replayed: true });
    for (const other of [adjust(member, 8n), adjust(member, 7n, { reason: 'error' })]) {
      expect(await refusalOf(other)).toMatchObject({ code: 6, reason: 'IDEMPOTENCY_KEY_REUSED' });
    }
    expect(await balanceOf(member)).toMatchObject({ available: 7n });
  });

  test('gives points that live as long as those earned now', async () => {
    const expiry = {
      policy: { case: 'after', value: { period: { case: 'days', value: 2 } } },
    } as const;
    const member = await createCustomMember(setting, { ruleSet: { expiry } });
    await adjust(member, 10n);
    setting.letPass(dayMs);
    expect(await balanceOf(member)).toMatchObject({ available: 10n, nextExpiry: { points: 10n } });
    setting.letPass(3 * dayMs);
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('is possible while the member is suspended', async () => {
    const member = await createCustomMember(setting);
    await setting.clients.memberships.suspendMembership(member, admin);
    expect((await adjust(member, 5n)).balance).toMatchObject({ available: 5n });
  });
});

describe('no adjustment is made', () => {
  test.each([
    ['of nothing', { points: 0n }, 'VALIDATION_FAILED'],
    ['of more than can be represented', { points: 2n ** 53n }, 'VALIDATION_FAILED'],
    ['without a reason', { reason: '' }, 'VALIDATION_FAILED'],
    ['with a NUL in its reason', { reason: 'a\0b' }, 'VALIDATION_FAILED'],
    ['without a key', { idempotencyKey: '' }, 'VALIDATION_FAILED'],
    ['for a user who never joined', { userId: 'nobody' }, 'MEMBERSHIP_NOT_FOUND'],
    ['in an unknown program', { programId: 'no-such-program' }, 'PROGRAM_NOT_FOUND'],
  ])('%s', async (_, change, reason) => {
    const member = await createCustomMember(setting);
    expect(await refusalOf(adjust(member, 1n, change))).toMatchObject({ reason });
    expect(await balanceOf(member)).toMatchObject({ available: 0n });
  });

  test('that takes the balance beyond what can be represented', async () => {
    const member = await createCustomMember(setting);
    const most = 2n ** 53n - 1n;
    await adjust(member, most);
    const more = adjust(member, 1n, { idempotencyKey: 'more' });
    expect(await refusalOf(more)).toMatchObject({ reason: 'LIMIT_EXCEEDED' });
    expect(await balanceOf(member)).toMatchObject({ available: most });
  });

  test('by anyone but an admin', async () => {
    const member = await createCustomMember(setting);
    for (const caller of [checkout, await tokenOf('member', 'alice')]) {
      expect(await refusalOf(adjust(member, 1n, {}, caller))).toMatchObject({
        reason: 'PERMISSION_DENIED',
      });
    }
  });

  test('in an archived program, of which refunds remain', async () => {
    const member = await createCustomMember(setting, { rewards: [fixed('glass', 10n)] });
    const { ledger, programs, redemptions } = setting.clients;
    const transaction = purchase(2_000);
    await ledger.earn({ ...member, transaction }, checkout);
    const { redemption } = await redemptions.redeem(
      { ...member, rewardId: 'glass', idempotencyKey: 'a' },
      checkout,
    );
    const made = await adjust(member, 1n, { idempotencyKey: 'before' });
    const { programId } = member;
    await programs.suspendProgram({ programId }, admin);
    await programs.archiveProgram({ programId }, admin);
    await eventually(async () => {
      const earn = ledger.earn({ ...member, transaction: purchase(0) }, checkout);
      expect((await refusalOf(earn)).metadata).toMatchObject({ state: 'ARCHIVED' });
    });
    expect(await refusalOf(adjust(member, 1n, { idempotencyKey: 'after' }))).toMatchObject({
      reason: 'PROGRAM_NOT_ACTIVE',
    });
    const reverse = redemptions.reverseRedemption(
      { ...member, redemptionId: redemption?.redemptionId ?? '', idempotencyKey: 'r' },
      checkout,
    );
    expect(await refusalOf(reverse)).toMatchObject({ reason: 'PROGRAM_NOT_ACTIVE' });
    expect(await adjust(member, 1n, { idempotencyKey: 'before' })).toEqual({
      ...made,
      replayed: true,
    });
    const { transactionId } = transaction;
    const extent = { case: 'full', value: {} } as const;
    await ledger.reverseEarn({ programId, transactionId, refundId: 'r', extent }, checkout);
  });
});
