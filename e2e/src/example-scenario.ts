// A small coffee shop's program, from its definition to its end: every operation of the gateway in one story.
import type { Platform } from '@loyalty/local/running-platform.ts';
import {
  createRecorder,
  type ExampleRequest,
  type Examples,
  type Recorded,
} from './example-recorder.ts';
import { tokenFor } from './tokens.ts';
import { until } from './until.ts';

/** A call within the shop's program, unless the path says otherwise. */
type Call = ExampleRequest & { as?: Role };
type Role = 'admin' | 'service' | 'alice' | 'nobody';

const programId = 'coffee-club';
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Plays the story on a platform that nothing has happened on.
 *
 * @param startMs now; times in the story are relative to it
 */
export async function recordExamples(
  platform: Platform,
  { startMs }: { startMs: number },
): Promise<Examples> {
  const recorder = createRecorder(platform);
  const tokens: Record<Role, string> = {
    admin: await tokenFor(platform, 'admin', 'operator'),
    service: await tokenFor(platform, 'service', 'checkout'),
    alice: await tokenFor(platform, 'member', 'alice'),
    nobody: 'not-a-token',
  };
  const inProgram = ({ as = 'admin', path, ...request }: Call, status: number) => ({
    token: tokens[as],
    status,
    path: { programId, ...path },
    ...request,
  });
  const record = (operationId: string, status: number, call: Call = {}): Promise<Recorded> =>
    recorder.record(operationId, inProgram(call, status));
  const prepare = (operationId: string, status: number, call: Call = {}): Promise<Recorded> =>
    recorder.prepare(operationId, inProgram(call, status));
  const minutesAgo = (minutes: number) => new Date(startMs - minutes * 60_000).toISOString();
  /** A midnight. */
  const inDays = (days: number) =>
    new Date((Math.floor(startMs / dayMs) + days) * dayMs).toISOString();
  const story: Story = { record, prepare, minutesAgo, inDays };

  await defineProgram(story);
  await joinMembers(story);
  await earnPoints(story);
  await redeemPoints(story);
  await adjustPoints(story);
  await refund(story);
  await readBooks(story);
  await endMemberships(story);
  await handleDeadLetters(story);
  await deliverEvents(story);
  await endProgram(story);
  return recorder.examples();
}

interface Story {
  record(operationId: string, status: number, call?: Call): Promise<Recorded>;
  prepare(operationId: string, status: number, call?: Call): Promise<Recorded>;
  minutesAgo(minutes: number): string;
  inDays(days: number): string;
}

/** The path of a program that doesn't exist, or isn't active. */
const elsewhere = { path: { programId: 'tea-house' } };
const dollars = (amount: number) => ({ currencyCode: 'USD', minorUnits: amount * 100 });

async function defineProgram(story: Story): Promise<void> {
  const { record, prepare } = story;
  const program = {
    programId,
    displayName: 'Coffee Club',
    description: 'Beans for every cup.',
    unit: { singular: 'bean', plural: 'beans' },
    timeZone: 'UTC',
  };
  const { etag } = await record('createProgram', 201, { body: program });
  await record('createProgram', 400, { body: { programId: 'tea-house' } });
  await record('createProgram', 403, { as: 'service', body: program });
  await record('createProgram', 409, { body: program });
  await record('getProgram', 200);
  await record('getProgram', 404, elsewhere);
  await record('listPrograms', 200, { query: { pageSize: 1 } });
  const change = { body: { description: 'Beans for every cup, and a free one now and then.' } };
  await record('updateProgram', 200, { headers: { 'If-Match': etag }, ...change });
  await record('updateProgram', 412, { headers: { 'If-Match': etag }, ...change });
  await record('updateProgram', 404, { ...elsewhere, ...change });
  await record('activateProgram', 404, { body: {} });

  await defineRules(story);
  await defineRewards(story);

  await record('activateProgram', 200, { body: {} });
  await record('activateProgram', 403, { as: 'service', body: {} });
  await record('listProgramChanges', 200, { query: { pageSize: 3 } });
  await record('listProgramChanges', 404, elsewhere);
  const draft = { programId: 'tea-house', displayName: 'Tea House' };
  await prepare('createProgram', 201, { body: draft });
}

async function defineRules({ record, prepare, minutesAgo, inDays }: Story): Promise<void> {
  const ruleSet = {
    description: 'A bean for each dollar, and five more for each bag of beans',
    earnRules: [
      {
        ruleId: 'base',
        displayName: '1 per 1.00 USD',
        rate: { points: 1, per: dollars(1), mode: 'STEP' },
      },
      {
        ruleId: 'bags',
        displayName: '5 per bag',
        perItem: { points: 5 },
        match: { categories: ['bag'] },
      },
    ],
    expiry: { after: { days: 365 } },
  };
  const { etag } = await record('createRuleSet', 201, { body: ruleSet });
  await record('createRuleSet', 400, { body: { earnRules: [{ ruleId: 'Base' }] } });
  await record('createRuleSet', 404, { ...elsewhere, body: ruleSet });
  const first = { path: { version: '1' } };
  const missing = { path: { version: '9' } };
  const change = { body: { rounding: 'HALF_UP' } };
  await record('updateRuleSet', 200, { ...first, headers: { 'If-Match': etag }, ...change });
  await record('updateRuleSet', 412, { ...first, headers: { 'If-Match': etag }, ...change });
  await record('publishRuleSet', 200, { ...first, body: {} });
  await record('publishRuleSet', 404, { ...missing, body: {} });
  await record('updateRuleSet', 404, { ...missing, ...change });
  await record('updateRuleSet', 409, { ...first, ...change });
  await record('copyRuleSet', 201, { ...first, body: {} });
  await record('copyRuleSet', 404, { ...missing, body: {} });
  const second = { path: { version: '2' } };
  await prepare('publishRuleSet', 200, { ...second, body: { effectiveTime: inDays(30) } });
  await record('withdrawRuleSet', 200, { ...second, body: {} });
  await record('withdrawRuleSet', 404, { ...missing, body: {} });
  await record('withdrawRuleSet', 409, { ...first, body: {} });
  await record('getRuleSet', 200, { ...first, as: 'service' });
  await record('getRuleSet', 403, { ...first, as: 'alice' });
  await record('getRuleSet', 404, missing);
  await record('listRuleSets', 200);
  await record('listRuleSets', 404, elsewhere);
  const preview = { transaction: purchase('preview-1', minutesAgo(5)), version: 1 };
  await record('previewEarn', 200, { body: preview });
  await record('previewEarn', 400, { body: { version: 1 } });
  await record('previewEarn', 404, { body: { ...preview, version: 9 } });
}

async function defineRewards({ record, prepare }: Story): Promise<void> {
  const espresso = { rewardId: 'espresso', displayName: 'An espresso', fixed: { points: 10 } };
  const { etag } = await record('createReward', 201, { body: espresso });
  await record('createReward', 400, { body: { rewardId: 'tasting', displayName: 'A tasting' } });
  await record('createReward', 404, { ...elsewhere, body: espresso });
  await record('createReward', 409, { body: espresso });
  const path = { rewardId: 'espresso' };
  const change = { path, body: { description: 'Single or double.', stock: { limit: 500 } } };
  await record('updateReward', 200, { ...change, headers: { 'If-Match': etag } });
  await record('updateReward', 412, { ...change, headers: { 'If-Match': etag } });
  await record('updateReward', 404, { ...change, path: { rewardId: 'tasting' } });
  const tasting = { rewardId: 'tasting', displayName: 'A tasting for two', fixed: { points: 500 } };
  await prepare('createReward', 201, { body: tasting });
  const conversion = { points: 100, per: dollars(1), minimumPoints: 100, stepPoints: 100 };
  const voucher = { rewardId: 'voucher', displayName: 'Money off', conversion };
  await prepare('createReward', 201, { body: voucher });
  await record('getReward', 200, { path, as: 'service' });
  await record('getReward', 404, { path: { rewardId: 'cake' }, as: 'service' });
  await record('listRewards', 200, { as: 'service' });
  await record('listRewards', 404, { as: 'alice', ...elsewhere });
}

async function joinMembers({ record, prepare }: Story): Promise<void> {
  await record('joinProgram', 201, { as: 'alice', body: { userId: 'me' } });
  await record('joinProgram', 200, { as: 'alice', body: { userId: 'me' } });
  await record('joinProgram', 403, { as: 'alice', body: { userId: 'bob' } });
  await record('joinProgram', 404, { path: { programId: 'cake-club' }, body: { userId: 'alice' } });
  await record('joinProgram', 409, { ...elsewhere, as: 'service', body: { userId: 'alice' } });
  for (const userId of ['bob', 'carol']) {
    const body = { userId, attributes: { tier: 'regular' } };
    await prepare('joinProgram', 201, { as: 'service', body });
  }
  await record('getMembership', 200, mine);
  await record('getMembership', 403, { as: 'alice', ...bob });
  await record('getMembership', 404, stranger);
  await record('listMembers', 200, {
    as: 'service',
    query: { attributeKey: 'tier', attributeValue: 'regular', pageSize: 50 },
  });
  await record('listMembers', 403, { as: 'alice' });
  await record('listMembers', 404, { as: 'service', path: { programId: 'cake-club' } });
  const { etag } = await prepare('getMembership', 200, bob);
  const change = { ...bob, as: 'service', body: { attributes: { tier: 'gold' } } } as const;
  await record('updateMembership', 200, { ...change, headers: { 'If-Match': etag } });
  await record('updateMembership', 412, { ...change, headers: { 'If-Match': etag } });
  await record('updateMembership', 404, { ...change, ...stranger });
}

async function earnPoints({ record, prepare, minutesAgo }: Story): Promise<void> {
  const order = { userId: 'alice', transaction: purchase('order-1', minutesAgo(60)) };
  await record('earn', 201, { as: 'service', body: order });
  await record('earn', 200, { as: 'service', body: order });
  const { amount: _, ...worthless } = order.transaction;
  await record('earn', 400, { as: 'service', body: { ...order, transaction: worthless } });
  await record('earn', 401, { as: 'nobody', body: order });
  await record('earn', 403, { as: 'alice', body: order });
  const forStranger = { userId: 'dave', transaction: purchase('order-2', minutesAgo(50)) };
  await record('earn', 404, { as: 'service', body: forStranger });
  const other = { ...order.transaction, amount: dollars(99) };
  await record('earn', 409, { as: 'service', body: { ...order, transaction: other } });
  const earns = [
    { userId: 'bob', transaction: purchase('order-3', minutesAgo(40)) },
    { userId: 'dave', transaction: purchase('order-4', minutesAgo(35)) },
  ];
  await record('batchEarn', 200, { as: 'service', body: { earns } });
  await record('batchEarn', 400, { as: 'service', body: { earns: [] } });
  const submitted = { userId: 'alice', transaction: purchase('order-5', minutesAgo(30)) };
  await record('submitEarn', 202, { as: 'service', body: submitted });
  await record('submitEarn', 400, { as: 'service', body: { userId: 'alice' } });
  await until(
    () => prepare('getBalance', 200, mine),
    ({ body }) => body['lifetimeEarned'] === 60,
  );
  await record('getEarn', 200, { as: 'alice', path: { transactionId: 'order-1' } });
  await record('getEarn', 404, { as: 'alice', path: { transactionId: 'order-3' } });
  await record('listEarns', 200, { ...mine, query: { pageSize: 1 } });
  await record('listEarns', 404, stranger);
  await record('listProgramEarns', 200, { as: 'service', query: { pageSize: 2 } });
  await record('listProgramEarns', 403, { as: 'alice' });
  await record('listProgramEarns', 404, { as: 'service', path: { programId: 'cake-club' } });
  const { transactionId: _id, occurTime: _time, ...cart } = order.transaction;
  await record('quoteEarn', 200, { ...mine, body: cart });
  await record('quoteEarn', 400, { ...mine, body: {} });
  await record('quoteEarn', 404, { ...stranger, body: cart });
  await record('getBalance', 200, mine);
  await record('getBalance', 401, { ...mine, as: 'nobody' });
  await record('getBalance', 403, { ...bob, as: 'alice' });
  await record('getBalance', 404, stranger);
}

async function redeemPoints({ record, prepare }: Story): Promise<void> {
  await record('listRewardQuotes', 200, mine);
  await record('listRewardQuotes', 404, stranger);
  await record('quoteRedemption', 200, { ...mine, body: { rewardId: 'espresso', quantity: 2 } });
  await record('quoteRedemption', 404, { ...mine, body: { rewardId: 'cake' } });
  const body = { rewardId: 'espresso', quantity: 1, expectedPoints: 10, reference: 'table 4' };
  const order = { ...mine, headers: { 'Idempotency-Key': 'order-at-table-4' }, body };
  const { body: redeemed } = await record('redeem', 201, order);
  await record('redeem', 200, order);
  await record('redeem', 400, { ...mine, body });
  await record('redeem', 403, { ...order, path: { userId: 'bob' } });
  const key = (text: string) => ({ headers: { 'Idempotency-Key': text } });
  await record('redeem', 404, { ...mine, ...key('a-cake'), body: { rewardId: 'cake' } });
  await record('redeem', 409, { ...mine, ...key('a-tasting'), body: { rewardId: 'tasting' } });
  await record('redeem', 422, { ...order, body: { rewardId: 'tasting' } });

  const captured = { path: { userId: 'alice', redemptionId: idOf(redeemed) } };
  const missing = {
    path: { userId: 'alice', redemptionId: '019ca8a3-7b40-7000-8000-00000000dead' },
  };
  const hold = async (text: string) => {
    const reserved = { rewardId: 'espresso', quantity: 2, capture: 'HOLD', holdSeconds: 900 };
    const held = await prepare('redeem', 201, { ...mine, ...key(text), body: reserved });
    return { path: { userId: 'alice', redemptionId: idOf(held.body) } };
  };
  const first = await hold('hold-1');
  await record('listOpenHolds', 200, { as: 'service' });
  await record('listOpenHolds', 404, { as: 'service', path: { programId: 'cake-club' } });
  await record('captureRedemption', 200, { ...first, as: 'service', body: { quantity: 1 } });
  await record('captureRedemption', 404, { ...missing, as: 'service', body: {} });
  const second = await hold('hold-2');
  await record('cancelRedemption', 200, { ...second, as: 'alice', body: {} });
  await record('cancelRedemption', 404, { ...missing, as: 'alice', body: {} });
  await record('cancelRedemption', 409, { ...first, as: 'alice', body: {} });
  await record('captureRedemption', 409, { ...second, as: 'service', body: {} });
  const reversal = { as: 'service', ...key('returned-at-table-4') } as const;
  await record('reverseRedemption', 200, { ...captured, ...reversal, body: { quantity: 1 } });
  const unknown = { ...missing, as: 'service', ...key('never-ordered'), body: {} } as const;
  await record('reverseRedemption', 404, unknown);
  const late = { ...second, as: 'service', ...key('too-late'), body: {} } as const;
  await record('reverseRedemption', 409, late);
  await record('reverseRedemption', 422, { ...first, ...reversal, body: {} });
  await record('getRedemption', 200, { ...captured, as: 'alice' });
  await record('getRedemption', 404, { ...missing, as: 'alice' });
  await record('listRedemptions', 200, mine);
  await record('listRedemptions', 404, stranger);
  await record('listProgramRedemptions', 200, { as: 'service', query: { reference: 'table 4' } });
  await record('listProgramRedemptions', 404, {
    as: 'service',
    path: { programId: 'cake-club' },
  });
}

async function adjustPoints({ record, inDays }: Story): Promise<void> {
  const key = { headers: { 'Idempotency-Key': 'apology-1' } };
  const apology = { points: 25, reason: 'A cold cup', availableTime: inDays(14) };
  const call = { path: { userId: 'alice' }, ...key };
  await record('adjustBalance', 201, { ...call, body: apology });
  await record('adjustBalance', 200, { ...call, body: apology });
  await record('adjustBalance', 400, { ...call, body: { points: 25 } });
  await record('adjustBalance', 403, { ...call, as: 'service', body: apology });
  await record('adjustBalance', 404, { ...call, path: stranger.path, body: apology });
  const mistake = { path: call.path, headers: { 'Idempotency-Key': 'correction-1' } };
  await record('adjustBalance', 409, { ...mistake, body: { points: -999, reason: 'A mistake' } });
  await record('adjustBalance', 422, { ...call, body: { ...apology, points: 50 } });
  const adjustments = [
    { userId: 'bob', idempotencyKey: 'birthday-bob', points: 10, reason: 'Birthday' },
    { userId: 'dave', idempotencyKey: 'birthday-dave', points: 10, reason: 'Birthday' },
  ];
  await record('batchAdjust', 200, { body: { adjustments } });
  await record('batchAdjust', 400, { body: { adjustments: [] } });
}

async function refund({ record }: Story): Promise<void> {
  const bought = { as: 'service', path: { transactionId: 'order-1' } } as const;
  const half = { ...bought, body: { refundId: 'refund-1', amount: dollars(10) } };
  await record('reverseEarn', 200, half);
  await record('reverseEarn', 400, { ...bought, body: { refundId: 'refund-1' } });
  await record('reverseEarn', 404, { ...half, path: { ...bought.path, programId: 'cake-club' } });
  const tooMuch = { refundId: 'refund-2', amount: dollars(999) };
  await record('reverseEarn', 409, { ...bought, body: tooMuch });
}

async function readBooks({ record, prepare, inDays }: Story): Promise<void> {
  // A refund of a purchase that hasn't been reported waits for it.
  const early = { as: 'service', path: { transactionId: 'order-9' } } as const;
  await prepare('reverseEarn', 200, { ...early, body: { refundId: 'refund-9', full: {} } });
  await record('listWaitingRefunds', 200, { as: 'service' });
  await record('listWaitingRefunds', 404, { as: 'service', path: { programId: 'cake-club' } });
  await record('cancelRefund', 200, { ...early, body: { refundId: 'refund-9' } });
  await record('cancelRefund', 404, { ...early, body: { refundId: 'refund-8' } });
  const applied = { as: 'service', path: { transactionId: 'order-1' } } as const;
  await record('cancelRefund', 409, { ...applied, body: { refundId: 'refund-1' } });

  await record('listEntries', 200, { ...mine, query: { pageSize: 2 } });
  await record('listEntries', 400, { ...mine, query: { pageToken: 'made-up' } });
  await record('listEntries', 404, stranger);
  await record('listProgramEntries', 200, { as: 'service', query: { kinds: ['EARN', 'REFUND'] } });
  await record('listProgramEntries', 404, { as: 'service', path: { programId: 'cake-club' } });
  await record('listExpiries', 200, mine);
  await record('listExpiries', 404, stranger);
  await record('listMaturities', 200, mine);
  await record('listMaturities', 404, stranger);
  const period = { startTime: inDays(-30), endTime: inDays(1) };
  await record('getStatement', 200, { ...mine, query: { ...period, pageSize: 1 } });
  await record('getStatement', 400, { ...mine, query: { startTime: period.startTime } });
  await record('getStatement', 404, { ...stranger, query: period });
  await record('listMemberships', 200, { as: 'alice', path: { userId: 'me' } });
  await record('listMemberships', 403, { as: 'alice', path: { userId: 'bob' } });
  await record('getProgramSummary', 200, { query: period });
  await record('getProgramSummary', 403, { as: 'service', query: period });
  await record('getProgramSummary', 404, { path: { programId: 'cake-club' } });
}

async function endMemberships({ record }: Story): Promise<void> {
  await record('resumeMembership', 404, { ...stranger, as: 'admin', body: {} });
  await record('suspendMembership', 200, { ...bob, body: {} });
  await record('suspendMembership', 404, { ...stranger, as: 'admin', body: {} });
  await record('resumeMembership', 200, { ...bob, body: {} });
  const carol = { path: { userId: 'carol' }, body: {} };
  await record('leaveProgram', 200, carol);
  await record('leaveProgram', 403, { as: 'alice', ...bob, body: {} });
  await record('leaveProgram', 404, { ...stranger, as: 'admin', body: {} });
  await record('suspendMembership', 409, carol);
  await record('resumeMembership', 409, carol);
}

async function handleDeadLetters({ record, prepare }: Story): Promise<void> {
  for (const [index, userId] of ['dave', 'erin'].entries()) {
    // Always the same time, because it is part of the payload.
    const transaction = purchase(`order-${6 + index}`, '2026-03-01T18:20:00Z');
    await prepare('submitEarn', 202, { as: 'service', body: { userId, transaction } });
    // One after the other, so that they always have the same ids.
    await until(
      () => prepare('listDeadLetters', 200),
      (listed) => lettersOf(listed.body).length === index + 1,
    );
  }
  const { body } = await prepare('listDeadLetters', 200);
  const idByTransaction = new Map(
    lettersOf(body).map(({ deadLetterId, transactionId }) => [transactionId, deadLetterId]),
  );
  const letter = (transactionId: string) => ({
    path: { deadLetterId: idByTransaction.get(transactionId) ?? '' },
  });
  const missing = { path: { deadLetterId: '999' } };
  await record('listDeadLetters', 200, { query: { programId, state: 'DEAD' } });
  await record('listDeadLetters', 403, { as: 'alice' });
  await record('getDeadLetter', 200, { as: 'service', ...letter('order-6') });
  await record('getDeadLetter', 404, missing);
  await prepare('joinProgram', 201, { as: 'service', body: { userId: 'dave' } });
  const whyReplayed = { why: 'Dave has joined.' };
  await record('replayDeadLetter', 200, { ...letter('order-6'), body: whyReplayed });
  await record('replayDeadLetter', 404, { ...missing, body: {} });
  const whyDiscarded = { why: 'Erin is the name of a test.' };
  await record('discardDeadLetter', 200, { ...letter('order-7'), body: whyDiscarded });
  await record('discardDeadLetter', 404, { ...missing, body: {} });
  await record('discardDeadLetter', 409, { ...letter('order-6'), body: {} });
  await record('replayDeadLetter', 409, { ...letter('order-7'), body: {} });
}

async function deliverEvents({ record, prepare }: Story): Promise<void> {
  // Nothing listens there.
  const url = 'http://127.0.0.1:9/loyalty';
  const webhook = { url, description: 'Sends receipts', eventTypes: ['points.earned'] };
  const created = await record('createWebhook', 201, { body: webhook });
  await record('createWebhook', 400, { body: { ...webhook, eventTypes: ['points.earnt'] } });
  const webhookId = String(created.body['webhookId']);
  const found = { path: { webhookId } };
  const missing = { path: { webhookId: 'none' } };
  await record('getWebhook', 200, found);
  await record('getWebhook', 404, missing);
  await record('listWebhooks', 200);
  await record('listWebhooks', 403, { as: 'alice' });
  const change = { eventTypes: ['points.earned', 'points.refunded'] };
  const headers = { 'If-Match': created.etag };
  await record('updateWebhook', 200, { ...found, headers, body: change });
  await record('updateWebhook', 412, { ...found, headers, body: change });
  await record('updateWebhook', 404, { ...missing, body: change });
  await record('rotateSecret', 200, { ...found, body: {} });
  await record('rotateSecret', 404, { ...missing, body: {} });
  // A replay of nothing, so that there is no other delivery than the test's.
  const replay = { userId: 'alice', fromSequence: 1_000_000 };
  await record('replayWebhook', 200, { ...found, body: replay });
  await record('replayWebhook', 404, { ...missing, body: replay });
  const tested = await record('testWebhook', 200, { ...found, body: {} });
  await record('testWebhook', 404, { ...missing, body: {} });
  const { body } = await until(
    () => prepare('listDeliveries', 200, found),
    ({ body }) => JSON.stringify(body).includes('ECONNREFUSED'),
  );
  const [delivery] = body['deliveries'] as { deliveryId: string }[];
  const deliveryId = String(delivery?.deliveryId ?? tested.body['deliveryId']);
  await record('listDeliveries', 200, { ...found, query: { state: 'PENDING' } });
  await record('listDeliveries', 404, missing);
  const named = { path: { webhookId, deliveryId } };
  await record('retryDelivery', 200, { ...named, body: {} });
  await record('retryDelivery', 404, { path: { webhookId, deliveryId: '999' }, body: {} });
  await prepare('updateWebhook', 200, { ...found, body: { state: 'DISABLED' } });
  await record('testWebhook', 409, { ...found, body: {} });
  await record('retryDelivery', 409, { ...named, body: {} });
  await record('deleteWebhook', 200, found);
  await record('deleteWebhook', 404, missing);
}

async function endProgram({ record }: Story): Promise<void> {
  await record('suspendProgram', 200, { body: {} });
  await record('suspendProgram', 404, { path: { programId: 'cake-club' }, body: {} });
  await record('suspendProgram', 409, { ...elsewhere, body: {} });
  await record('archiveProgram', 200, { body: {} });
  await record('archiveProgram', 403, { as: 'service', body: {} });
  await record('archiveProgram', 404, { path: { programId: 'cake-club' }, body: {} });
  await record('activateProgram', 409, { body: {} });
  await record('updateProgram', 409, { body: { description: 'Closed.' } });
}

const mine = { as: 'alice', path: { userId: 'me' } } as const;
const bob = { path: { userId: 'bob' } } as const;
/** A user who hasn't joined. */
const stranger = { as: 'service', path: { userId: 'dave' } } as const;

/** 25.00 USD, of them 15.00 for a bag of beans: 30 points. */
function purchase(transactionId: string, occurTime: string) {
  return {
    transactionId,
    occurTime,
    amount: dollars(25),
    items: [
      { itemId: '1', sku: 'beans-1kg', categories: ['bag'], quantity: 1, amount: dollars(15) },
      { itemId: '2', sku: 'flat-white', categories: ['cup'], quantity: 2, amount: dollars(10) },
    ],
    channel: 'store',
    attributes: { store: 'paris' },
  };
}

const idOf = (body: Record<string, unknown>) =>
  (body['redemption'] as { redemptionId: string }).redemptionId;

const lettersOf = (body: Record<string, unknown>) =>
  body['deadLetters'] as { deadLetterId: string; transactionId: string }[];
