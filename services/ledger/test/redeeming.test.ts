import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import {
  admin,
  availablePoints,
  checkout,
  createMember,
  refusalOf,
  type Setting,
  startSetting,
  tokenOf,
} from './running-ledger.ts';

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');
const rewards = { glass: 10n, bottle: 50n };

describe('redeeming', () => {
  test('spends the points once for each key, and says how many are missing', async () => {
    const member = await createMember(setting, { cents: 25_000, rewards });
    const { redemptions } = setting.clients;
    const glass = { ...member, rewardId: 'glass' };

    const first = await redemptions.redeem({ ...glass, idempotencyKey: 'first' }, alice);
    expect(first).toMatchObject({
      replayed: false,
      redemption: { state: Redemption_State.CAPTURED, points: 10n, quantity: 1 },
      balance: { available: 0n, lifetimeRedeemed: 10n },
    });

    const again = await redemptions.redeem({ ...glass, idempotencyKey: 'first' }, alice);
    expect(again).toEqual({ ...first, replayed: true });

    const refusal = await refusalOf(
      redemptions.redeem({ ...glass, idempotencyKey: 'second' }, alice),
    );
    expect(refusal).toMatchObject({
      code: 9,
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '10' },
    });

    const { redemption: rejected } = await redemptions.getRedemption(
      { ...member, redemptionId: refusal.metadata['redemptionId'] ?? '' },
      alice,
    );
    expect(rejected).toMatchObject({
      state: Redemption_State.REJECTED,
      refusal: { reason: ErrorReason.INSUFFICIENT_POINTS, metadata: { missingPoints: '10' } },
    });
  });

  test('with a key of other content is refused', async () => {
    const member = await createMember(setting, { cents: 200_000, rewards });
    const { redemptions } = setting.clients;
    await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'key' }, alice);
    const other = redemptions.redeem(
      { ...member, rewardId: 'bottle', idempotencyKey: 'key' },
      alice,
    );
    expect(await refusalOf(other)).toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await availablePoints(setting, member)).toBe(90n);
  });

  test('with a key again is the same, whatever price it expects and whether defaults are named', async () => {
    const member = await createMember(setting, { cents: 200_000, rewards });
    const { redemptions } = setting.clients;
    const glass = { ...member, rewardId: 'glass', idempotencyKey: 'key' };
    const first = await redemptions.redeem(glass, alice);
    for (const same of [
      { expectedPoints: 10n },
      { expectedPoints: 9n },
      { quantity: 1, capture: RedeemRequest_Capture.IMMEDIATE },
    ]) {
      const again = await redemptions.redeem({ ...glass, ...same }, alice);
      expect(again).toEqual({ ...first, replayed: true });
    }
    const dearer = { ...glass, idempotencyKey: 'dearer', expectedPoints: 9n };
    expect(await refusalOf(redemptions.redeem(dearer, alice))).toMatchObject({
      reason: 'PRICE_CHANGED',
    });
    const agreed = await redemptions.redeem({ ...dearer, expectedPoints: 10n }, alice);
    expect(agreed.replayed).toBe(false);
    expect(await availablePoints(setting, member)).toBe(80n);
  });

  test('of no units is refused, and its key is free', async () => {
    const member = await createMember(setting, { cents: 20_000, rewards: { glass: 10n } });
    const glass = { ...member, rewardId: 'glass', idempotencyKey: 'none' };
    const { redemptions } = setting.clients;
    expect(await refusalOf(redemptions.redeem({ ...glass, quantity: 0 }, alice))).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'quantity', message: 'must be at least 1 and at most 1000' }],
    });
    const { redemption, replayed } = await redemptions.redeem(glass, alice);
    expect(redemption).toMatchObject({ quantity: 1, points: 10n });
    expect(replayed).toBe(false);
  });

  test('says how many points are missing, what is owed included', async () => {
    const member = await createMember(setting, { rewards });
    const { ledger, redemptions } = setting.clients;
    const owe = { points: -30n, allowDeficit: true, reason: 'an error', idempotencyKey: 'a' };
    await ledger.adjustBalance({ ...member, ...owe }, admin);
    const missing = { reason: ErrorReason.INSUFFICIENT_POINTS, metadata: { missingPoints: '40' } };
    const glass = { ...member, rewardId: 'glass' };
    const { quote } = await redemptions.quoteRedemption(glass, alice);
    expect(quote?.obstacles).toMatchObject([missing]);
    const { rewardQuotes } = await redemptions.listRewardQuotes(member, alice);
    expect(rewardQuotes.map(({ obstacles }) => obstacles[0]?.metadata['missingPoints'])).toEqual([
      '80',
      '40',
    ]);
    const redeem = redemptions.redeem({ ...glass, idempotencyKey: 'key' }, alice);
    expect(await refusalOf(redeem)).toMatchObject({ metadata: { missingPoints: '40' } });
  });

  test('a hundred times at once never spends a point twice', async () => {
    const member = await createMember(setting, {
      cents: 100_000,
      rewards,
      settings: { limits: { redemptionsPerMinute: 0 } },
    });
    const { redemptions } = setting.clients;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        redemptions.redeem(
          { ...member, rewardId: 'glass', idempotencyKey: `key-${index}` },
          checkout,
        ),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(await availablePoints(setting, member)).toBe(0n);
  });

  test('an unknown reward is refused, and so is one at another price', async () => {
    const member = await createMember(setting, { cents: 100_000, rewards });
    const { redemptions } = setting.clients;
    const unknown = { ...member, rewardId: 'yacht', idempotencyKey: 'a' };
    expect(await refusalOf(redemptions.redeem(unknown, alice))).toMatchObject({
      reason: 'REWARD_NOT_FOUND',
    });
    const cheaper = { ...member, rewardId: 'glass', idempotencyKey: 'b', expectedPoints: 9n };
    expect(await refusalOf(redemptions.redeem(cheaper, alice))).toMatchObject({
      reason: 'PRICE_CHANGED',
    });
  });

  test('more often than the program allows within a minute is slowed down', async () => {
    const member = await createMember(setting, { cents: 500_000, rewards });
    const { redemptions } = setting.clients;
    const redeem = (idempotencyKey: string) =>
      redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey }, alice);
    for (let index = 0; index < 5; index++) await redeem(`key-${index}`);
    const refusal = await refusalOf(redeem('one too many'));
    expect(refusal).toMatchObject({ code: 8, reason: 'VELOCITY_LIMIT' });
    expect(refusal.retryAfterMs).toBeGreaterThan(0);
  });

  test('is listed, the newest first', async () => {
    const member = await createMember(setting, { cents: 200_000, rewards });
    const { redemptions } = setting.clients;
    for (const rewardId of ['glass', 'bottle', 'glass']) {
      await redemptions
        .redeem({ ...member, rewardId, idempotencyKey: rewardId }, alice)
        .catch(() => undefined);
    }
    const first = await redemptions.listRedemptions({ ...member, pageSize: 1 }, alice);
    expect(first.redemptions.map(({ rewardId }) => rewardId)).toEqual(['bottle']);
    const pageToken = first.nextPageToken;
    const second = await redemptions.listRedemptions({ ...member, pageSize: 1, pageToken }, alice);
    expect(second.redemptions.map(({ rewardId }) => rewardId)).toEqual(['glass']);
    expect(second.nextPageToken).toBe('');
  });
});
