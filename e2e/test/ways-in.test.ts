// However a purchase is reported, it is credited.

import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http as call } from '../src/http.ts';
import { natsPublish } from '../src/nats-publish.ts';
import { tokenFor } from '../src/tokens.ts';
import { until } from '../src/until.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

const http = (token: string, path: string, body?: object) =>
  call(platform, { token, path, ...(body === undefined ? {} : { body }) });

describe('a purchase', () => {
  test(
    'is credited by a call, by a submission, and by an event that another client publishes',
    async () => {
      const userId = `alice-${randomUUID()}`;
      const service = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
      const alice = await tokenFor(platform, 'member', userId);
      const earn = (amount: number) => ({
        userId,
        transaction: {
          transactionId: `order/${randomUUID()}`,
          occurTime: '2026-01-31T18:30:00Z',
          amount: { currencyCode: 'USD', minorUnits: amount },
        },
      });
      for (const programId of ['wine-dine', 'frequent-flyer']) {
        expect(await http(alice, `programs/${programId}/members`, { userId })).toMatchObject({
          status: 201,
        });
      }

      const called = await http(service, 'programs/wine-dine/earns', earn(10_000));
      expect(called).toMatchObject({ status: 201, body: { earn: { points: 5 } } });

      const submitted = await http(service, 'programs/wine-dine/earns:submit', earn(20_000));
      expect(submitted).toMatchObject({ status: 202, body: { state: 'ACCEPTED' } });
      const location = submitted.location?.replace(/^.*\/v1\//, '') ?? '';
      const posted = await until(
        () => http(service, location),
        ({ status }) => status === 200,
      );
      expect(posted.body).toMatchObject({ state: 'POSTED', points: 10 });

      const event = { programId: 'wine-dine', ...earn(40_000) };
      const message = { subject: 'loyalty.earn.v1.wine-dine', body: JSON.stringify(event) };
      await natsPublish(platform.env['NATS_URL'] ?? '', message);
      // Delivered again, as happens after any trouble.
      await natsPublish(platform.env['NATS_URL'] ?? '', message);
      const id = encodeURIComponent(event.transaction.transactionId);
      const fromEvent = await until(
        () => http(alice, `programs/wine-dine/earns/${id}`),
        ({ status }) => status === 200,
      );
      expect(fromEvent.body).toMatchObject({ userId, state: 'POSTED', points: 20 });

      const { body } = await http(alice, 'users/me/memberships');
      expect(body).toMatchObject({
        memberships: expect.arrayContaining([
          expect.objectContaining({
            programId: 'wine-dine',
            balance: expect.objectContaining({ available: 35, lifetimeEarned: 35 }),
          }),
          expect.objectContaining({
            programId: 'frequent-flyer',
            balance: expect.objectContaining({ available: 0 }),
          }),
        ]),
      });
      const mallory = await tokenFor(platform, 'member', `mallory-${randomUUID()}`);
      expect(await http(mallory, `users/${userId}/memberships`)).toMatchObject({ status: 403 });
      expect(await http(mallory, `programs/wine-dine/earns/${id}`)).toMatchObject({ status: 404 });
    },
    patience(30_000),
  );
});
