// Programs, members and redemptions for generated requests, in every state that an operation needs to succeed.
import { randomUUID } from 'node:crypto';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { http } from '../http.ts';
import { tokenFor } from '../tokens.ts';
import { until } from '../until.ts';
import type { Ids, Tokens } from './requests.ts';

export interface Site {
  readonly tokens: Tokens;
  /** Members of one program, each with points, an earn and a hold. */
  readonly contexts: readonly Ids[];
  /** What an operation that needs a state of its own finds, by operationId. */
  readonly prepared: ReadonlyMap<string, Ids>;
}

const earnRules = [
  {
    ruleId: 'base',
    displayName: 'One for one',
    rate: { points: 1, per: { currencyCode: 'USD', minorUnits: 100 } },
  },
];
const members = 12;

export async function createSite(platform: Platform): Promise<Site> {
  const operator = createOperator(platform);
  const { admin, service } = operator;
  const programId = await createMainProgram(operator);
  const { contexts, memberTokens } = await createContexts(platform, operator, programId);
  const deadLetterIds = await createDeadLetters(operator, programId);
  return {
    contexts,
    prepared: await prepare(operator, { contexts, deadLetterIds }),
    tokens: { admin, service, member: (userId) => memberTokens.get(userId) ?? stranger },
  };
}

/** Makes what the site consists of. */
interface Operator {
  readonly admin: string;
  readonly service: string;
  /** Makes ids of this site unique. */
  readonly suffix: string;
  call(
    token: string,
    path: string,
    body?: object,
    key?: string,
  ): Promise<Readonly<Record<string, unknown>>>;
  createProgram(name: string, isActive: boolean): Promise<string>;
  join(programId: string, userId: string): Promise<void>;
  redeem(programId: string, userId: string, capture: string): Promise<string>;
  createWebhook(programId: string): Promise<string>;
}

function createOperator(platform: Platform): Operator {
  const suffix = randomUUID().slice(0, 8);
  const admin = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
  const service = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  const call: Operator['call'] = async (token, path, body, key) => {
    const response = await http(platform, {
      token,
      path,
      ...(body === undefined ? {} : { body }),
      ...(key === undefined ? {} : { headers: { 'Idempotency-Key': key } }),
    });
    if (response.status >= 300) throw new Error(`${path}: ${JSON.stringify(response)}`);
    return response.body;
  };
  return {
    admin,
    service,
    suffix,
    call,
    async createProgram(name, isActive) {
      const programId = `${name}-${suffix}`;
      await call(admin, 'programs', { programId, displayName: name, limits });
      await call(admin, `programs/${programId}/rule-sets`, { earnRules });
      await call(admin, `programs/${programId}/rule-sets/1:publish`, {});
      if (isActive) await call(admin, `programs/${programId}:activate`, {});
      return programId;
    },
    async join(programId, userId) {
      await call(service, `programs/${programId}/members`, { userId });
      await call(service, `programs/${programId}/earns`, {
        userId,
        transaction: { ...purchase, transactionId: `order-${userId}` },
      });
    },
    async redeem(programId, userId, capture) {
      const path = `programs/${programId}/members/${userId}/redemptions`;
      const body = await call(service, path, { rewardId: 'glass', capture }, randomUUID());
      return (body['redemption'] as { redemptionId: string }).redemptionId;
    },
    async createWebhook(programId) {
      // Nothing listens there, so that deliveries stay for a while.
      const body = { url: webhookUrl };
      const webhook = await call(admin, `programs/${programId}/webhooks`, body);
      return String(webhook['webhookId']);
    },
  };
}

/** The program of the contexts, with rewards, and with rule sets in several states. */
async function createMainProgram({ call, admin, createProgram }: Operator): Promise<string> {
  const programId = await createProgram('open', true);
  for (const reward of rewards) await call(admin, `programs/${programId}/rewards`, reward);
  for (let version = 2; version <= 4; version += 1) {
    await call(admin, `programs/${programId}/rule-sets`, { earnRules });
  }
  await call(admin, `programs/${programId}/rule-sets/3:publish`, {
    effectiveTime: '2035-01-01T00:00:00Z',
  });
  return programId;
}

async function createContexts(
  platform: Platform,
  { call, admin, service, suffix, join, redeem, createWebhook }: Operator,
  programId: string,
): Promise<{ contexts: Ids[]; memberTokens: Map<string, string> }> {
  const webhookId = await createWebhook(programId);
  const path = `programs/${programId}/webhooks/${webhookId}:test`;
  const deliveryId = String((await call(admin, path, {}))['deliveryId']);
  const contexts: Ids[] = [];
  const memberTokens = new Map<string, string>();
  for (let index = 0; index < members; index += 1) {
    const userId = `user-${index}-${suffix}`;
    memberTokens.set(userId, await tokenFor(platform, 'member', userId));
    await join(programId, userId);
    await call(service, `programs/${programId}/earns/later-${userId}:reverse`, {
      refundId: 'refund-1',
      full: {},
    });
    contexts.push({
      programId,
      userId,
      rewardId: 'glass',
      version: 1,
      transactionId: `order-${userId}`,
      refundId: 'refund-1',
      redemptionId: await redeem(programId, userId, 'HOLD'),
      deadLetterId: 'none',
      webhookId,
      deliveryId,
    });
  }
  return { contexts, memberTokens };
}

/** Submits two purchases of a user who isn't a member, and returns the ids of their dead letters. */
async function createDeadLetters(
  { call, admin, service, suffix }: Operator,
  programId: string,
): Promise<string[]> {
  for (const transactionId of ['lost-1', 'lost-2']) {
    await call(service, `programs/${programId}/earns:submit`, {
      userId: `nobody-${suffix}`,
      transaction: { ...purchase, transactionId },
    });
  }
  const letters = await until(
    async () => {
      const body = await call(admin, `dead-letters?programId=${programId}`);
      return body['deadLetters'] as { deadLetterId: string }[];
    },
    ({ length }) => length === 2,
  );
  return letters.map(({ deadLetterId }) => deadLetterId);
}

async function prepare(
  operator: Operator,
  { contexts, deadLetterIds }: { contexts: readonly Ids[]; deadLetterIds: readonly string[] },
): Promise<Map<string, Ids>> {
  const { call, admin, suffix, createProgram, createWebhook, join, redeem } = operator;
  const [first = {}, second = {}, third = {}] = contexts;
  const programId = String(first['programId']);
  const newMember = async (name: string) => {
    const userId = `${name}-${suffix}`;
    await join(programId, userId);
    return { ...first, userId };
  };
  const captured = await redeem(programId, String(third['userId']), 'IMMEDIATE');
  const suspended = await newMember('resumed');
  await call(admin, `programs/${programId}/members/${suspended.userId}:suspend`, {});
  const [replayed = '', discarded = ''] = deadLetterIds;
  return new Map<string, Ids>([
    ['activateProgram', { ...first, programId: await createProgram('ready', false) }],
    ['suspendProgram', { ...first, programId: await createProgram('busy', true) }],
    ['archiveProgram', { ...first, programId: await createProgram('over', false) }],
    ['createProgram', { ...first, programId: `new-${suffix}` }],
    ['createReward', { ...first, rewardId: 'new-reward' }],
    ['joinProgram', { ...first, userId: `joining-${suffix}` }],
    ['publishRuleSet', { ...first, version: 2 }],
    ['withdrawRuleSet', { ...first, version: 3 }],
    ['updateRuleSet', { ...first, version: 4 }],
    ['suspendMembership', await newMember('suspended')],
    ['resumeMembership', suspended],
    ['leaveProgram', await newMember('leaving')],
    ['earn', { ...first, transactionId: 'order-new' }],
    ['submitEarn', { ...first, transactionId: 'order-submitted' }],
    ['cancelRefund', { ...first, transactionId: `later-${String(first['userId'])}` }],
    ['captureRedemption', first],
    ['cancelRedemption', second],
    ['reverseRedemption', { ...third, redemptionId: captured }],
    ['deleteWebhook', { ...first, webhookId: await createWebhook(programId) }],
    ['replayWebhook', { ...first, webhookId: await createWebhook(programId) }],
    ['getDeadLetter', { ...first, deadLetterId: replayed }],
    ['replayDeadLetter', { ...first, deadLetterId: replayed }],
    ['discardDeadLetter', { ...first, deadLetterId: discarded }],
  ]);
}

// A member without a membership; the token is as good as none.
const stranger = 'not.a.token';
const webhookUrl = 'http://127.0.0.1:9/hook';
const limits = { redemptionsPerMinute: 0 };
const purchase = {
  occurTime: new Date(Date.now() - 3_600_000).toISOString(),
  amount: { currencyCode: 'USD', minorUnits: 100_000 },
  items: [{ itemId: 'item-1', quantity: 2, amount: { currencyCode: 'USD', minorUnits: 1_000 } }],
};
const rewards = [
  { rewardId: 'glass', displayName: 'A glass of wine', fixed: { points: 10 } },
  {
    rewardId: 'voucher',
    displayName: 'A voucher',
    conversion: { points: 100, per: { currencyCode: 'USD', minorUnits: 100 } },
  },
];

/** Values that the platform understands, by the name of the member that has them. */
export const knownValues: ReadonlyMap<string, readonly unknown[]> = new Map<string, unknown[]>([
  ['quantity', [1]],
  ['condition', ['', 'member.lifetime_earned >= 0', "transaction.channel == 'web'"]],
  ['currencyCode', ['USD']],
  ['timeZone', ['UTC', 'Europe/Paris']],
  ['occurTime', [purchase.occurTime]],
  ['effectiveTime', ['2034-01-01T00:00:00Z']],
  ['itemId', ['item-1']],
  ['minorUnits', [100, 1_000, '25000']],
  ['points', [1, 10, '100']],
  ['description', ['', 'Words about it']],
  ['attributes', [{ tier: 'gold' }, {}]],
  ['etag', ['']],
  ['pageToken', ['']],
  ['startTime', ['2026-01-01T00:00:00Z']],
  ['endTime', ['2034-01-01T00:00:00Z']],
  ['attributeKey', ['tier']],
  ['url', [webhookUrl]],
  ['eventTypes', [[], ['points.earned']]],
  ['from', ['2026-01-01T00:00:00Z']],
]);
