// What happens in a small café's program, so that every kind of event comes of it but the notices, which take days.
import type { Platform } from '@loyalty/local/running-platform.ts';
import { http } from './http.ts';
import { natsPublish } from './nats-publish.ts';
import { until } from './until.ts';

export const cafe = 'corner-cafe';

/** Plays the story once, on a platform that has no such program. */
export async function playEventStory(platform: Platform): Promise<void> {
  const story = createStory(platform);
  await openProgram(story);
  await earnAndRefund(story);
  await redeem(story);
  await letTimePass(story);
  await changeMemberships(story);
  await publishInVain(story, platform.env['NATS_URL'] ?? '');
}

type Story = ReturnType<typeof createStory>;

function createStory(platform: Platform) {
  const tokenOf = (role: 'ADMIN' | 'SERVICE') => platform.env[`LOYALTY_${role}_TOKEN`] ?? '';
  /** A call below the program, which has to end with the status. */
  const call =
    (role: 'ADMIN' | 'SERVICE') =>
    async (
      path: string,
      body: object,
      { status = 200, key, method }: { status?: number; key?: string; method?: string } = {},
    ) => {
      const response = await http(platform, {
        ...{ token: tokenOf(role), path: `programs${path}`, body },
        ...(method !== undefined && { method }),
        ...(key !== undefined && { headers: { 'Idempotency-Key': key } }),
      });
      if (response.status !== status) {
        throw new Error(`${path}: ${response.status} ${JSON.stringify(response.body)}`);
      }
      return response.body;
    };
  const service = call('SERVICE');
  return {
    admin: call('ADMIN'),
    service,
    balanceOf: async (userId: string) => {
      const path = `programs/${cafe}/members/${userId}/balance`;
      const { body } = await http(platform, { token: tokenOf('SERVICE'), path });
      return body as { available: number };
    },
    earn: (userId: string, transactionId: string, dollars: number) =>
      service(`/${cafe}/earns`, { userId, ...purchase(transactionId, dollars) }, { status: 201 }),
  };
}

const usd = (dollars: number) => ({ currencyCode: 'USD', minorUnits: dollars * 100 });

function purchase(transactionId: string, dollars: number) {
  const occurTime = new Date(Date.now() - 1_000).toISOString();
  return { transaction: { transactionId, occurTime, amount: usd(dollars), channel: 'store' } };
}

async function openProgram({ admin, service }: Story): Promise<void> {
  await admin('', { programId: cafe, displayName: 'Corner Café' }, { status: 201 });
  const rate = { points: 1, per: usd(1), mode: 'STEP' };
  const earnRules = [{ ruleId: 'base', displayName: '1 per 1.00 USD', rate }];
  await admin(`/${cafe}/rule-sets`, { earnRules }, { status: 201 });
  await admin(`/${cafe}/rule-sets/1:publish`, {});
  const coffee = { rewardId: 'coffee', displayName: 'A coffee', fixed: { points: 10 } };
  await admin(`/${cafe}/rewards`, coffee, { status: 201 });
  await admin(`/${cafe}:activate`, {});
  const [anna, ...others] = ['anna', 'ben', 'cleo', 'dan'];
  const joining = { userId: anna, attributes: { tier: 'silver' } };
  await service(`/${cafe}/members`, joining, { status: 201 });
  for (const userId of others) await service(`/${cafe}/members`, { userId }, { status: 201 });
}

async function earnAndRefund({ service, earn }: Story): Promise<void> {
  await earn('anna', 'order-1', 100);
  await earn('ben', 'order-2', 15);
  await earn('cleo', 'order-3', 30);
  const half = { refundId: 'refund-1', amount: usd(40) };
  await service(`/${cafe}/earns/order-1:reverse`, half);
}

async function redeem({ service }: Story): Promise<void> {
  const order = (userId: string, key: string, body: object, status = 201) =>
    service(
      `/${cafe}/members/${userId}/redemptions`,
      { rewardId: 'coffee', reference: 'table 4', ...body },
      { status, key },
    );
  const idOf = (body: Record<string, unknown>) =>
    (body['redemption'] as { redemptionId: string }).redemptionId;
  const of = (userId: string, id: string, verb: string) =>
    `/${cafe}/members/${userId}/redemptions/${id}:${verb}`;

  const spent = idOf(await order('anna', 'anna-1', {}));
  await service(of('anna', spent, 'reverse'), {}, { key: 'anna-2' });
  const hold = { quantity: 2, capture: 'HOLD', holdSeconds: 900 };
  const kept = idOf(await order('anna', 'anna-3', hold));
  await service(of('anna', kept, 'capture'), { quantity: 1 });
  const given = idOf(await order('anna', 'anna-4', hold));
  await service(of('anna', given, 'cancel'), {});
  await order('anna', 'anna-5', { ...hold, quantity: 1 });
  await order('dan', 'dan-1', {}, 409);
  // Ben has spent what he gives back, and owes it.
  await order('ben', 'ben-1', {});
  await service(`/${cafe}/earns/order-2:reverse`, { refundId: 'refund-2', full: {} });
}

/** The dates of adjustments can be near. */
async function letTimePass({ admin, balanceOf }: Story): Promise<void> {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
  const before = (await balanceOf('dan')).available;
  const gift = { points: 7, reason: 'A birthday', note: 'Happy birthday!' };
  const dates = { availableTime: inSeconds(2), expireTime: inSeconds(4) };
  await admin(`/${cafe}/members/dan:adjust`, { ...gift, ...dates }, { status: 201, key: 'gift-1' });
  const has = (points: number) =>
    until(
      () => balanceOf('dan'),
      ({ available }) => available === before + points,
    );
  await has(7);
  await has(0);
  const later = { ...gift, availableTime: inSeconds(86_400) };
  await admin(`/${cafe}/members/dan:adjust`, later, { status: 201, key: 'gift-2' });
}

async function changeMemberships({ admin, service }: Story): Promise<void> {
  await service(`/${cafe}/members/anna`, { attributes: { tier: 'gold' } }, { method: 'PATCH' });
  await admin(`/${cafe}/members/ben:suspend`, {});
  await admin(`/${cafe}/members/ben:resume`, {});
  await admin(`/${cafe}/members/cleo:leave`, {});
}

/** A purchase by somebody who is no member, and one while the member is suspended. */
async function publishInVain({ admin }: Story, url: string): Promise<void> {
  await admin(`/${cafe}/members/ben:suspend`, {});
  const subject = `loyalty.earn.v1.${cafe}`;
  for (const [userId, transactionId] of [
    ['nobody', 'order-4'],
    ['ben', 'order-5'],
  ] as const) {
    const body = { programId: cafe, userId, ...purchase(transactionId, 10) };
    await natsPublish(url, { subject, body: JSON.stringify(body) });
  }
}
