// The double against the real ledger: the same scenarios have the same outcomes, so that tests with the double hold.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createLoyaltyDouble } from '../src/double/loyalty-double.ts';
import { createLoyaltyClient, type LoyaltyClient } from '../src/loyalty-client.ts';
import { scenarios } from './scenarios.ts';

/** As the sample program of npm start is. */
const programs = {
  'wine-dine': {
    points: { points: 5, per: { currencyCode: 'USD', minorUnits: 10_000 } },
    rewards: {
      glass: { displayName: 'A glass of wine', points: 10 },
      bottle: { displayName: 'A bottle of wine', points: 50 },
    },
  },
};

let ledger: LoyaltyClient;
let admin: LoyaltyClient;

beforeAll(async () => {
  const { env } = await sharedPlatform();
  const clientOf = (token: string) =>
    createLoyaltyClient({
      ledgerAddress: env['LOYALTY_LEDGER_GRPC'] ?? '',
      token: env[token] ?? '',
      timeoutMs: patience(10_000),
    });
  ledger = clientOf('LOYALTY_SERVICE_TOKEN');
  admin = clientOf('LOYALTY_ADMIN_TOKEN');
}, patience(60_000));

afterAll(() => {
  ledger.close();
  admin.close();
});

describe.each(Object.entries(scenarios))('%s', (_name, scenario) => {
  test(
    'has the same outcome in the double and in the ledger',
    async () => {
      const userId = `user-${randomUUID()}`;
      const double = createLoyaltyDouble({ programs });
      const inDouble = await scenario({ service: double, admin: double, userId });
      const inLedger = await scenario({ service: ledger, admin, userId });
      expect(inDouble).toEqual(inLedger);
      expect(inLedger).not.toEqual([]);
    },
    patience(30_000),
  );
});
