import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  BalanceSchema,
  Membership_State,
  MembershipSchema,
} from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import {
  CaptureRedemptionRequestSchema,
  RedeemRequestSchema,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { writeMessage } from './message-to-json.ts';

test('numbers are numbers, what is empty is there, what is unset is not', () => {
  const membership = create(MembershipSchema, {
    programId: 'wine-dine',
    state: Membership_State.ACTIVE,
    attributes: { tier: 'gold' },
    joinTime: { seconds: 1_767_225_600n },
    balance: { available: 9_007_199_254_740_991n },
  });
  expect(writeMessage(MembershipSchema, membership)).toEqual({
    programId: 'wine-dine',
    userId: '',
    state: 'ACTIVE',
    attributes: { tier: 'gold' },
    joinTime: '2026-01-01T00:00:00Z',
    balance: {
      available: 9_007_199_254_740_991,
      pending: 0,
      reserved: 0,
      deficit: 0,
      lifetimeEarned: 0,
      lifetimeRedeemed: 0,
      lifetimeExpired: 0,
    },
    etag: '',
  });
});

test('of alternatives only the chosen one is shown, and an optional number only if it was set', () => {
  const capture = create(CaptureRedemptionRequestSchema, { part: { case: 'points', value: 0n } });
  expect(writeMessage(CaptureRedemptionRequestSchema, capture)).toMatchObject({ points: 0 });
  expect(writeMessage(CaptureRedemptionRequestSchema, capture)).not.toHaveProperty('quantity');
  const redeem = create(RedeemRequestSchema);
  expect(writeMessage(RedeemRequestSchema, redeem)).not.toHaveProperty('expectedPoints');
});

test('an integer that JSON would round is refused', () => {
  const balance = create(BalanceSchema, { available: 2n ** 53n });
  expect(() => writeMessage(BalanceSchema, balance)).toThrow('Balance.available is beyond');
});

test('an enum value of a newer release is shown by its number', () => {
  const membership = create(MembershipSchema, { state: 99 as Membership_State });
  expect(writeMessage(MembershipSchema, membership)).toMatchObject({ state: 99 });
});
