// Rewards that are limited in number, in time, or to some members, and those that turn points into money.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import type { RedeemRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import {
  MemberLimit_Period,
  Reward_State,
  type RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { createCustomMember, fixed } from './custom-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, availablePoints, checkout, purchase, refusalOf } from './running-ledger.ts';

let setting: MovingSetting;
let replica: Awaited<ReturnType<MovingSetting['startReplica']>>;
beforeAll(async () => {
  setting = await startMovingSetting({ stopped: true });
  replica = await setting.startReplica();
});
afterAll(async () => {
  await replica.stop();
  await setting.stop();
});

type RewardInit = MessageInitShape<typeof RewardSchema>;

interface Member {
  programId: string;
  userId: string;
}

let keys = 0;

/** Redeems with a new key. */
function redeem(
  member: Member,
  asked: MessageInitShape<typeof RedeemRequestSchema>,
  { redemptions } = setting.clients,
) {
  keys += 1;
  const request = { ...member, rewardId: 'glass', idempotencyKey: `key-${keys}`, ...asked };
  return redemptions.redeem(request, checkout);
}

/** Alice, with 1000 points, in a program with one reward: a glass for 10 points unless told otherwise. */
function memberWith(changes: RewardInit, reward?: RewardInit): Promise<Member> {
  const rewards = [reward ?? fixed('glass', 10n, changes)];
  return createCustomMember(setting, { dollars: 1_000, rewards });
}

async function update(programId: string, reward: RewardInit): Promise<void> {
  const { rewards } = setting.clients;
  await rewards.updateReward({ programId, rewardId: 'glass', reward }, admin);
}

describe('a stock', () => {
  test('is never oversold, no matter who asks at which replica, and says when it is gone', async () => {
    const { programId } = await memberWith({ stock: { limit: 7n } });
    const { memberships, ledger } = setting.clients;
    const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
    for (const userId of users) {
      await memberships.joinProgram({ programId, userId }, checkout);
      await ledger.earn({ programId, userId, transaction: purchase(10_000) }, checkout);
    }
    const outcomes = await Promise.allSettled(
      users.map((userId, index) =>
        redeem({ programId, userId }, {}, index % 2 === 0 ? setting.clients : replica.clients),
      ),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(13);
    for (const { reason } of refused) expect(reason).toMatchObject({ reason: 'OUT_OF_STOCK' });
  });

  test('refuses more units than it has left, and is refilled by a higher limit', async () => {
    const member = await memberWith({ stock: { limit: 3n } });
    await redeem(member, { quantity: 2 });
    const tooMany = await refusalOf(redeem(member, { quantity: 2 }));
    expect(tooMany).toMatchObject({ code: 9, reason: 'OUT_OF_STOCK' });
    await redeem(member, { quantity: 1 });
    await update(member.programId, { stock: { limit: 4n } });
    await eventually(() => redeem(member, {}));
    expect(await refusalOf(redeem(member, {}))).toMatchObject({ reason: 'OUT_OF_STOCK' });
    expect(await availablePoints(setting, member)).toBe(960n);
  });
});

describe('a limit per member', () => {
  test('counts units within its period, each member’s own', async () => {
    const memberLimit = { count: 2, period: MemberLimit_Period.LIFETIME };
    const member = await memberWith({ memberLimit });
    const reached = {
      code: 9,
      reason: 'MEMBER_LIMIT_REACHED',
      metadata: { period: 'LIFETIME', redemptionId: expect.any(String) },
    };
    expect(await refusalOf(redeem(member, { quantity: 3 }))).toMatchObject(reached);
    await redeem(member, { quantity: 2 });
    expect(await refusalOf(redeem(member, {}))).toMatchObject(reached);

    const bob = { ...member, userId: 'bob' };
    await setting.clients.memberships.joinProgram(bob, checkout);
    await setting.clients.ledger.earn({ ...bob, transaction: purchase(10_000) }, checkout);
    await redeem(bob, { quantity: 2 });
  });

  test('holds also when both replicas are asked at once', async () => {
    const memberLimit = { count: 5, period: MemberLimit_Period.MONTH };
    const member = await memberWith({ memberLimit });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        redeem(member, {}, index % 2 === 0 ? setting.clients : replica.clients),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await availablePoints(setting, member)).toBe(950n);
  });
});

describe('a reward', () => {
  test('is there from its start until its end', async () => {
    const [startMs, endMs] = [setting.now() + 60 * secondMs, setting.now() + 120 * secondMs];
    const member = await memberWith({
      availability: { startTime: timestampFromMs(startMs), endTime: timestampFromMs(endMs) },
    });
    const unavailable = { code: 9, reason: 'REWARD_UNAVAILABLE' };
    setting.letPassUntil(startMs - 1);
    expect(await refusalOf(redeem(member, {}))).toMatchObject(unavailable);
    setting.letPassUntil(startMs);
    const { redemption } = await redeem(member, {});
    expect(redemption?.createTime).toEqual(timestampFromMs(startMs));
    setting.letPassUntil(endMs - 1);
    await redeem(member, {});
    setting.letPassUntil(endMs);
    expect(await refusalOf(redeem(member, {}))).toMatchObject(unavailable);
  });

  test('that is archived can’t be had any more', async () => {
    const member = await memberWith({});
    await redeem(member, {});
    await update(member.programId, { state: Reward_State.ARCHIVED });
    await eventually(async () =>
      expect(await refusalOf(redeem(member, {}))).toMatchObject({ reason: 'REWARD_UNAVAILABLE' }),
    );
  });

  test('for some members only asks what they are, and what they have earned', async () => {
    const member = await memberWith({
      condition: "member.attributes['tier'] == 'gold' && member.lifetime_earned >= 1500",
    });
    const { memberships, ledger, redemptions } = setting.clients;
    const unmet = { code: 9, reason: 'CONDITION_NOT_MET' };
    const refusal = await refusalOf(redeem(member, {}));
    expect(refusal).toMatchObject(unmet);
    const { redemptionId = '' } = refusal.metadata;
    const { redemption } = await redemptions.getRedemption({ ...member, redemptionId }, checkout);
    expect(redemption?.state).toBe(Redemption_State.REJECTED);

    await memberships.updateMembership(
      { ...member, membership: { attributes: { tier: 'gold' } } },
      checkout,
    );
    expect(await refusalOf(redeem(member, {}))).toMatchObject(unmet);
    await ledger.earn({ ...member, transaction: purchase(50_000) }, checkout);
    await redeem(member, {});
    expect(await availablePoints(setting, member)).toBe(1_490n);
  });

  test('whose price has changed is not sold at another than expected', async () => {
    const member = await memberWith({});
    await redeem(member, { quantity: 2, expectedPoints: 20n });
    await update(member.programId, { price: { case: 'fixed', value: { points: 12n } } });
    const asked = { quantity: 2, expectedPoints: 20n };
    const changed = await eventually(() => refusalOf(redeem(member, asked)));
    expect(changed).toMatchObject({ code: 9, reason: 'PRICE_CHANGED' });
    // A change of the price is no attempt of the member: nothing of it is kept.
    const { redemptions } = await setting.clients.redemptions.listRedemptions(member, checkout);
    expect(redemptions.every(({ state }) => state === Redemption_State.CAPTURED)).toBe(true);
  });
});

describe('a conversion', () => {
  const voucher: RewardInit = {
    rewardId: 'glass',
    displayName: 'Money back',
    price: {
      case: 'conversion',
      value: {
        points: 100n,
        per: { currencyCode: 'USD', minorUnits: 125n },
        minimumPoints: 100n,
        maximumPoints: 500n,
        stepPoints: 50n,
      },
    },
  };

  test('turns the points asked for into money', async () => {
    const member = await memberWith({}, voucher);
    const { redemption, balance } = await redeem(member, { points: 250n });
    expect(redemption).toMatchObject({
      points: 250n,
      quantity: 1,
      value: { currencyCode: 'USD', minorUnits: 312n },
    });
    expect(balance).toMatchObject({ available: 750n, lifetimeRedeemed: 250n });
  });

  test.each([
    { points: 50n, wrong: 'must be at least 100' },
    { points: 550n, wrong: 'must be at most 500' },
    { points: 120n, wrong: 'must be a multiple of 50' },
    { points: 0n, wrong: 'must be at least 1 and at most 9007199254740991' },
    { points: undefined, wrong: 'say how many points to convert' },
  ])('of $points points is refused: $wrong', async ({ points, wrong }) => {
    const member = await memberWith({}, voucher);
    const refusal = await refusalOf(redeem(member, { points }));
    expect(refusal).toMatchObject({
      code: 3,
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'points', message: wrong }],
    });
    expect(await availablePoints(setting, member)).toBe(1_000n);
  });

  test('has no quantity, and a fixed price no points', async () => {
    const member = await memberWith({}, voucher);
    const quantity = await refusalOf(redeem(member, { points: 100n, quantity: 2 }));
    expect(quantity).toMatchObject({ violations: [{ field: 'quantity' }] });
    const points = await refusalOf(redeem(await memberWith({}), { points: 100n }));
    expect(points).toMatchObject({ violations: [{ field: 'points' }] });
  });
});
