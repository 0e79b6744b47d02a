// An operator ends a program while somebody's points are held for it.

import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProgram, http } from '../src/http.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

const programId = 'tea-time';

/** POST where there is a body, below the program. */
async function operator(path: string, body?: object) {
  const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const request = { token, path: `programs/${programId}${path}` };
  return await http(platform, { ...request, ...(body !== undefined && { body }) });
}

/** Alice's hold of a pot of tea. */
async function holdTea() {
  const token = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  const shop = (path: string, body: object, headers = {}) =>
    http(platform, { token, path: `programs/${programId}${path}`, body, headers });
  await shop('/members', { userId: 'alice' });
  await shop('/earns', {
    userId: 'alice',
    transaction: {
      transactionId: 'order-1',
      occurTime: '2026-01-31T18:30:00Z',
      amount: { currencyCode: 'USD', minorUnits: 25_000 },
    },
  });
  return await shop(
    '/members/alice/redemptions',
    { rewardId: 'tea', capture: 'HOLD' },
    { 'Idempotency-Key': 'first-pot' },
  );
}

test(
  'a program is archived once its open holds are cancelled, which are listed',
  async () => {
    const per = { currencyCode: 'USD', minorUnits: 10_000 };
    await createProgram(platform, { programId, rate: { points: 5, per, mode: 'STEP' } });
    const tea = { rewardId: 'tea', displayName: 'A pot of tea', fixed: { points: 10 } };
    expect(await operator('/rewards', tea)).toMatchObject({ status: 201 });
    expect(await holdTea()).toMatchObject({
      status: 201,
      body: { redemption: { state: 'RESERVED' } },
    });
    expect(await operator(':suspend', {})).toMatchObject({ status: 200 });

    expect(await operator(':archive', {})).toMatchObject({
      status: 409,
      contentType: expect.stringContaining('application/problem+json'),
      body: {
        reason: 'ILLEGAL_TRANSITION',
        detail: expect.stringContaining('open holds'),
        metadata: { from: 'SUSPENDED with open holds', to: 'ARCHIVED' },
      },
    });

    const { status, body } = await operator('/open-holds?pageSize=10');
    const redemption = {
      programId,
      userId: 'alice',
      rewardId: 'tea',
      state: 'RESERVED',
      points: 10,
    };
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { redemptions: [redemption], nextPageToken: '' },
    });
    const [{ redemptionId }] = body['redemptions'] as [{ redemptionId: string }];
    const cancelled = await operator(`/members/alice/redemptions/${redemptionId}:cancel`, {});
    expect(cancelled).toMatchObject({ status: 200, body: { balance: { available: 10 } } });

    const archived = { status: 200, body: { programId, state: 'ARCHIVED' } };
    expect(await operator(':archive', {})).toMatchObject(archived);
    expect(await operator(':archive', {})).toMatchObject(archived);
  },
  patience(30_000),
);
