import { fromJson, type JsonObject } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { MEMBER } from '../test/example.ts';
import { compileReward, isListed, rewardRefusal } from './reward-availability.ts';

const reward = (json: JsonObject) => compileReward(fromJson(RewardSchema, json));
const MARCH = { startTime: '2026-03-01T00:00:00Z', endTime: '2026-04-01T00:00:00Z' };
const GOLD = "member.attributes['tier'] == 'gold'";

test.each<[JsonObject, string, string | undefined]>([
  [{}, '2026-03-01T00:00:00Z', undefined],
  [{ state: 'ARCHIVED' }, '2026-03-01T00:00:00Z', 'REWARD_UNAVAILABLE'],
  [{ availability: MARCH }, '2026-02-28T23:59:59Z', 'REWARD_UNAVAILABLE'],
  [{ availability: MARCH }, '2026-03-01T00:00:00Z', undefined],
  [{ availability: MARCH }, '2026-04-01T00:00:00Z', 'REWARD_UNAVAILABLE'],
  [{ condition: GOLD }, '2026-03-01T00:00:00Z', 'CONDITION_NOT_MET'],
  [{ condition: 'member.lifetime_earned == 0' }, '2026-03-01T00:00:00Z', undefined],
])('a reward %j on %s: %s', (json, now, reason) => {
  const refusal = rewardRefusal(reward(json), { member: MEMBER, now: Date.parse(now) });
  expect(refusal?.reason).toBe(reason);
});

test('a limit per member is counted over its period', () => {
  const limit = (period: string) => reward({ memberLimit: { count: 2, period } }).memberLimit;
  expect(limit('DAY')).toEqual({ count: 2n, period: 'DAY' });
  expect(limit('WEEK')).toEqual({ count: 2n, period: 'WEEK' });
  expect(limit('MONTH')).toEqual({ count: 2n, period: 'MONTH' });
  expect(limit('LIFETIME')).toEqual({ count: 2n, period: 'LIFETIME' });
  expect(reward({}).memberLimit).toBeUndefined();
});

test('a reward is listed until it is archived, also while it is not offered', () => {
  expect(isListed(reward({}))).toBe(true);
  expect(isListed(reward({ availability: MARCH }))).toBe(true);
  expect(isListed(reward({ state: 'ARCHIVED' }))).toBe(false);
});
