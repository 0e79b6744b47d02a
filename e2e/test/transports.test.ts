// The same story over every transport: a purchase earns once, points buy once, and nobody can touch another member's.

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { tokenFor } from '../src/tokens.ts';
import {
  bufTransport,
  clientTransport,
  connectTransport,
  gatewayTransport,
  type Outcome,
  pythonTransport,
  pythonWithGrpc,
  type Transport,
} from '../src/transports.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

const transports: [string, () => Transport][] = [
  ['HTTP at the gateway', () => gatewayTransport(platform)],
  ['Connect', () => connectTransport(platform)],
  ['gRPC by @loyalty/client', () => clientTransport(platform)],
  ['gRPC by buf curl', () => bufTransport(platform)],
];
if (pythonWithGrpc !== undefined) {
  transports.push(["gRPC by Python's grpcio", () => pythonTransport(platform)]);
} else {
  test.todo("gRPC by Python's grpcio, which is not installed here");
}

function purchase(transactionId: string, minorUnits = 25_000) {
  return {
    transactionId,
    occurTime: '2026-01-31T18:30:00Z',
    amount: { currencyCode: 'USD', minorUnits },
  };
}

function bodyOf(outcome: Outcome) {
  if (!outcome.ok)
    throw new Error(`Refused: ${outcome.reason} ${JSON.stringify(outcome.metadata)}`);
  return outcome.body;
}

async function available(
  transport: Transport,
  token: string,
  request: { programId: string; userId: string },
) {
  return Number(bodyOf(await transport.balance(token, request))['available'] ?? 0);
}

describe.each(transports)('%s', (_, openTransport) => {
  test(
    'a purchase earns once, and a glass is paid once',
    async () => {
      const transport = openTransport();
      const userId = `alice-${randomUUID()}`;
      const service = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
      const alice = await tokenFor(platform, 'member', userId);
      const transaction = purchase(`order-${randomUUID()}`);
      const wine = { programId: 'wine-dine', userId };
      const flyer = { programId: 'frequent-flyer', userId };

      for (const membership of [wine, flyer]) {
        expect(bodyOf(await transport.join(alice, membership))).toMatchObject({
          ...membership,
          state: 'ACTIVE',
        });
        const first = bodyOf(await transport.earn(service, { ...membership, transaction }));
        expect(first['earn']).toMatchObject({ transactionId: transaction.transactionId });
        expect(first['replayed'] ?? false).toBe(false);
        expect(bodyOf(await transport.earn(service, { ...membership, transaction }))).toMatchObject(
          {
            replayed: true,
          },
        );
      }
      expect(await available(transport, alice, wine)).toBe(10);
      expect(await available(transport, alice, flyer)).toBe(2);

      const changed = { ...wine, transaction: purchase(transaction.transactionId, 25_001) };
      expect(await transport.earn(service, changed)).toMatchObject({
        ok: false,
        reason: 'TRANSACTION_CONFLICT',
      });

      const glass = { ...wine, rewardId: 'glass', idempotencyKey: randomUUID() };
      const { redemption } = bodyOf(await transport.redeem(alice, glass));
      expect(redemption).toMatchObject({ rewardId: 'glass', state: 'CAPTURED' });
      expect(await available(transport, alice, wine)).toBe(0);
      expect(bodyOf(await transport.redeem(alice, glass))).toMatchObject({
        redemption,
        replayed: true,
      });

      expect(
        await transport.redeem(alice, { ...glass, idempotencyKey: randomUUID() }),
      ).toMatchObject({
        ok: false,
        reason: 'INSUFFICIENT_POINTS',
        metadata: { missingPoints: '10' },
      });
      expect(await available(transport, alice, wine)).toBe(0);
    },
    patience(60_000),
  );

  test(
    "a member can't see or spend another's points",
    async () => {
      const transport = openTransport();
      const userId = `alice-${randomUUID()}`;
      const service = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
      const mallory = await tokenFor(platform, 'member', `mallory-${randomUUID()}`);
      const wine = { programId: 'wine-dine', userId };
      bodyOf(await transport.join(service, wine));
      bodyOf(await transport.earn(service, { ...wine, transaction: purchase(randomUUID()) }));

      const glass = { ...wine, rewardId: 'glass', idempotencyKey: randomUUID() };
      const stranger = { ...wine, userId: `nobody-${randomUUID()}` };
      const refused = { ok: false, reason: 'PERMISSION_DENIED' };
      expect(await transport.balance(mallory, wine)).toMatchObject(refused);
      // Whether somebody is a member is nobody else's business either.
      expect(await transport.balance(mallory, stranger)).toEqual(
        await transport.balance(mallory, wine),
      );
      expect(await transport.redeem(mallory, glass)).toMatchObject(refused);
      expect(await transport.join(mallory, stranger)).toMatchObject(refused);
      expect(
        await transport.earn(mallory, { ...wine, transaction: purchase(randomUUID()) }),
      ).toMatchObject(refused);
      expect(await transport.balance('nonsense', wine)).toMatchObject({
        ok: false,
        reason: 'UNAUTHENTICATED',
      });
      expect(await available(transport, service, wine)).toBe(10);
    },
    patience(60_000),
  );
});
