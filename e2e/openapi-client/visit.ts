// One visit of a member, with the types that openapi-typescript makes of gateway/openapi.json. They aren't committed:
// e2e/test/openapi-client.test.ts makes them, compiles this file with them, and runs it.
import createClient from 'openapi-fetch';
import type { components, paths } from './gateway.d.ts';

type Problem = components['schemas']['Problem'];

/** What went on, in a form that can be compared. */
export interface Visit {
  available: number;
  affordable: string[];
  quotedPoints: number;
  redeemed: { state: string; points: number; replayed: boolean }[];
  refusal: { status: number; reason: string; missingPoints: string | undefined };
  kinds: string[];
  expiries: number;
}

/** Plays the visit of the token's user in wine-dine, who may have any points. */
export async function visit(baseUrl: string, token: string): Promise<Visit> {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const path = { programId: 'wine-dine', userId: 'me' };

  const joined = await client.POST('/v1/programs/{programId}/members', {
    params: { path: { programId: path.programId } },
    body: { userId: 'me' },
  });
  got(joined);

  const balance = got(
    await client.GET('/v1/programs/{programId}/members/{userId}/balance', { params: { path } }),
  );
  const { rewardQuotes } = got(
    await client.GET('/v1/programs/{programId}/members/{userId}/reward-quotes', {
      params: { path },
    }),
  );
  const quote = got(
    await client.POST('/v1/programs/{programId}/members/{userId}:quoteEarn', {
      params: { path },
      body: { amount: { currencyCode: 'USD', minorUnits: 12_000 } },
    }),
  );

  const redeem = (rewardId: string) =>
    client.POST('/v1/programs/{programId}/members/{userId}/redemptions', {
      params: { path, header: { 'Idempotency-Key': `visit-${rewardId}` } },
      body: { rewardId },
    });
  const redeemed = [got(await redeem('glass')), got(await redeem('glass'))];
  const { error } = await redeem('bottle');
  if (error === undefined) throw new Error('The bottle was too cheap');

  const { entries } = got(
    await client.GET('/v1/programs/{programId}/members/{userId}/entries', {
      params: { path, query: { pageSize: 10, kinds: ['EARN', 'CAPTURE'] } },
    }),
  );
  const { expiries } = got(
    await client.GET('/v1/programs/{programId}/members/{userId}/expiries', { params: { path } }),
  );
  return {
    available: balance.available,
    affordable: rewardQuotes.filter(({ affordable }) => affordable).map(({ rewardId }) => rewardId),
    quotedPoints: quote.points,
    redeemed: redeemed.map(({ redemption, replayed }) => ({
      state: redemption?.state ?? '',
      points: redemption?.points ?? 0,
      replayed,
    })),
    refusal: {
      status: error.status,
      reason: error.reason,
      missingPoints: error.metadata['missingPoints'],
    },
    kinds: entries.map(({ kind }) => kind),
    expiries: expiries.length,
  };
}

function got<Data>({ data, error }: { data?: Data; error?: Problem }): Data {
  if (data === undefined) throw new Error(`${error?.reason}: ${error?.detail}`);
  return data;
}
