// What a backend does, for the double and for a ledger with the sample program. Each returns what it saw, without the
// ids and times that differ from run to run.
import { randomUUID } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import type { LoyaltyClient } from '../src/loyalty-client.ts';
import { LoyaltyError } from '../src/loyalty-error.ts';

interface Setting {
  service: LoyaltyClient;
  admin: LoyaltyClient;
  userId: string;
}

type Scenario = (setting: Setting) => Promise<unknown[]>;

const programId = 'wine-dine';

/** What a call returned or was refused with; ids and times are replaced by their kind. */
async function outcomeOf(call: Promise<object>): Promise<unknown> {
  try {
    return stable(await call);
  } catch (error) {
    if (!(error instanceof LoyaltyError)) throw error;
    const { name, reason, code, metadata, retryable } = error;
    return stable({ name, reason, code, metadata, retryable });
  }
}

const varying = new Set(['redemptionId', 'userId', 'transactionId']);
/** The double knows no rules and no callers: it explains nothing, and doesn't say who did it. */
const unknownToDouble = new Set([
  'actor',
  'etag',
  'explanation',
  'refundExtent',
  'requestId',
  'ruleSetVersion',
  'rules',
]);

function stable(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(stable);
  if ('$typeName' in value && value.$typeName === 'google.protobuf.Timestamp') return 'a time';
  const fields = Object.entries(value)
    .filter(([name, field]) => !unknownToDouble.has(name) && field !== undefined)
    .map(([name, field]) => [name, varying.has(name) && field !== '' ? 'varies' : stable(field)]);
  return Object.fromEntries(fields);
}

function purchase(minorUnits: number, changes: object = {}) {
  return {
    transactionId: `order-${randomUUID()}`,
    occurTime: timestampFromMs(Date.now() - 60_000),
    amount: { currencyCode: 'USD', minorUnits: BigInt(minorUnits) },
    ...changes,
  };
}

async function joined({ service, userId }: Setting, minorUnits = 0) {
  const member = { programId, userId };
  await service.memberships.joinProgram(member);
  const transaction = purchase(minorUnits);
  if (minorUnits > 0) await service.ledger.earn({ ...member, transaction });
  return { member, transactionId: transaction.transactionId };
}

/** The balance and the journal. */
async function stateOf({ service }: Setting, member: { programId: string; userId: string }) {
  return [
    await outcomeOf(service.ledger.getBalance(member)),
    await outcomeOf(service.ledger.listEntries(member)),
  ];
}

export const scenarios = {
  async joining({ service, userId }) {
    const member = { programId, userId };
    return [
      await outcomeOf(service.memberships.getMembership(member)),
      await outcomeOf(service.ledger.getBalance(member)),
      await outcomeOf(service.memberships.joinProgram({ ...member, attributes: { tier: 'gold' } })),
      await outcomeOf(service.memberships.joinProgram(member)),
      await outcomeOf(service.memberships.joinProgram({ ...member, attributes: { tier: 'tin' } })),
      await outcomeOf(service.memberships.getMembership(member)),
      await outcomeOf(service.memberships.joinProgram({ programId: 'no-such', userId })),
    ];
  },

  async 'earning once per transaction'(setting) {
    const { service, userId } = setting;
    const early = { programId, userId, transaction: purchase(10_000) };
    const before = await outcomeOf(service.ledger.earn(early));
    const { member } = await joined(setting);
    const transaction = purchase(25_000, { channel: 'store' });
    const earn = { ...member, transaction };
    const other = { currencyCode: 'USD', minorUnits: 10_000n };
    return [
      before,
      await outcomeOf(service.ledger.earn(earn)),
      await outcomeOf(service.ledger.earn(earn)),
      await outcomeOf(
        service.ledger.earn({ ...earn, transaction: { ...transaction, amount: other } }),
      ),
      await outcomeOf(
        service.ledger.earn({ ...earn, transaction: { ...transaction, channel: 'web' } }),
      ),
      await outcomeOf(
        service.ledger.getEarn({ programId, transactionId: transaction.transactionId }),
      ),
      await outcomeOf(service.ledger.getEarn({ programId, transactionId: `none-${randomUUID()}` })),
      ...(await stateOf(setting, member)),
    ];
  },

  async 'earning in batches'(setting) {
    const { service, userId } = setting;
    const first = { userId, transaction: purchase(10_000) };
    const stranger = { userId: `stranger-${randomUUID()}`, transaction: purchase(10_000) };
    const { member } = await joined(setting);
    const { outcomes } = await service.ledger.batchEarn({
      programId,
      earns: [first, first, stranger],
    });
    const joining = { programId, earns: [stranger], joinMissing: true };
    const later = await service.ledger.batchEarn(joining);
    return [
      ...[...outcomes, ...later.outcomes].map(({ result }) =>
        result.case === 'failure'
          ? ['failure', result.value.reason]
          : [result.case, result.value?.earn?.points, result.value?.replayed],
      ),
      ...(await stateOf(setting, member)),
    ];
  },

  async 'a purchase without what it needs'(setting) {
    const { service } = setting;
    const { member } = await joined(setting);
    const outcome = async (transaction: object) => {
      try {
        await service.ledger.earn({ ...member, transaction });
        return 'accepted';
      } catch (error) {
        if (!(error instanceof LoyaltyError)) throw error;
        return [error.name, error.violations.map(({ field }) => field).sort()];
      }
    };
    return [
      await outcome({}),
      await outcome(purchase(1, { amount: { currencyCode: 'USD' } })),
      await outcome(purchase(1, { occurTime: undefined })),
    ];
  },

  async redeeming(setting) {
    const { service } = setting;
    const { member } = await joined(setting, 40_000);
    const redeem = (idempotencyKey: string, rewardId: string, more: object = {}) =>
      outcomeOf(service.redemptions.redeem({ ...member, rewardId, idempotencyKey, ...more }));
    return [
      await redeem('a', 'glass', { reference: 'table 4' }),
      await redeem('a', 'glass', { reference: 'table 4' }),
      await redeem('a', 'bottle'),
      await redeem('b', 'bottle'),
      await redeem('b', 'bottle'),
      await redeem('c', 'no-such'),
      await redeem('d', 'glass', { expectedPoints: 9n }),
      await redeem('e', 'glass', { quantity: 2 }),
      await redeem('f', 'glass', { expectedPoints: 10n }),
      await redeem('g', 'glass', { quantity: 0 }),
      await redeem('h', 'glass', { quantity: -1 }),
      ...(await stateOf(setting, member)),
    ];
  },

  async 'redeeming without a key'(setting) {
    const { service } = setting;
    const { member } = await joined(setting, 40_000);
    const redeem = () => outcomeOf(service.redemptions.redeem({ ...member, rewardId: 'glass' }));
    return [await redeem(), await redeem(), ...(await stateOf(setting, member))];
  },

  async holding(setting) {
    const { service } = setting;
    const { member } = await joined(setting, 40_000);
    const hold = async () => {
      const capture = RedeemRequest_Capture.HOLD;
      const request = { ...member, rewardId: 'glass', capture, idempotencyKey: randomUUID() };
      const { redemption } = await service.redemptions.redeem(request);
      return { ...member, redemptionId: redemption?.redemptionId ?? '' };
    };
    const [captured, cancelled] = [await hold(), await hold()];
    return [
      ...(await stateOf(setting, member)),
      await outcomeOf(service.redemptions.captureRedemption(captured)),
      await outcomeOf(service.redemptions.captureRedemption(captured)),
      await outcomeOf(service.redemptions.cancelRedemption(captured)),
      await outcomeOf(service.redemptions.cancelRedemption(cancelled)),
      await outcomeOf(service.redemptions.cancelRedemption(cancelled)),
      await outcomeOf(service.redemptions.captureRedemption(cancelled)),
      await outcomeOf(service.redemptions.getRedemption(captured)),
      await outcomeOf(service.redemptions.getRedemption({ ...member, redemptionId: randomUUID() })),
      ...(await stateOf(setting, member)),
    ];
  },

  async refunding(setting) {
    const { service } = setting;
    const { member, transactionId } = await joined(setting, 40_000);
    const redeem = { ...member, rewardId: 'glass', idempotencyKey: 'a' };
    await service.redemptions.redeem(redeem);
    const amount = (minorUnits: bigint) =>
      ({ case: 'amount', value: { currencyCode: 'USD', minorUnits } }) as const;
    const full = { case: 'full', value: {} } as const;
    const reverse = (refundId: string, extent: typeof full | ReturnType<typeof amount>) =>
      outcomeOf(service.ledger.reverseEarn({ programId, transactionId, refundId, extent }));
    return [
      await reverse('r1', amount(15_000n)),
      await reverse('r1', amount(15_000n)),
      await reverse('r1', amount(10_000n)),
      await reverse('r2', amount(40_000n)),
      await reverse('r3', full),
      await reverse('r4', full),
      ...(await stateOf(setting, member)),
      await outcomeOf(service.ledger.getEarn({ programId, transactionId })),
      await outcomeOf(service.redemptions.redeem({ ...redeem, idempotencyKey: 'b' })),
      await outcomeOf(service.ledger.earn({ ...member, transaction: purchase(40_000) })),
      ...(await stateOf(setting, member)),
    ];
  },

  async adjusting(setting) {
    const { admin } = setting;
    const { member } = await joined(setting, 20_000);
    const adjust = (idempotencyKey: string, points: bigint, more: object = {}) =>
      outcomeOf(
        admin.ledger.adjustBalance({
          ...member,
          idempotencyKey,
          points,
          reason: 'goodwill',
          ...more,
        }),
      );
    return [
      await adjust('a', 7n, { note: 'sorry' }),
      await adjust('a', 7n, { note: 'sorry' }),
      await adjust('a', 8n),
      await adjust('b', -100n),
      await adjust('c', -100n, { allowDeficit: true }),
      await adjust('d', 90n),
      ...(await stateOf(setting, member)),
    ];
  },

  async suspending(setting) {
    const { service, admin } = setting;
    const { member } = await joined(setting, 20_000);
    return [
      await outcomeOf(admin.memberships.suspendMembership(member)),
      await outcomeOf(service.ledger.earn({ ...member, transaction: purchase(10_000) })),
      await outcomeOf(
        service.redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'a' }),
      ),
      await outcomeOf(admin.memberships.resumeMembership(member)),
      await outcomeOf(service.ledger.earn({ ...member, transaction: purchase(10_000) })),
      ...(await stateOf(setting, member)),
    ];
  },

  async 'reading the journal in pages'(setting) {
    const { service } = setting;
    const { member } = await joined(setting, 20_000);
    await service.redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'a' });
    const first = await service.ledger.listEntries({ ...member, pageSize: 2 });
    const pageToken = first.nextPageToken;
    const second = await service.ledger.listEntries({ ...member, pageSize: 2, pageToken });
    const earns = await service.ledger.listEntries({ ...member, kinds: [Entry_Kind.EARN] });
    return [stable(first.entries), first.nextPageToken === '', stable(second), stable(earns)];
  },
} satisfies Record<string, Scenario>;
