import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type Earn,
  Earn_State,
  EarnSchema,
  Refund_State,
  RefundSchema,
} from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  type EarnRequest,
  type EarnResponseSchema,
  type LedgerService,
  type ListEntriesRequest,
  type ReverseEarnRequest,
  type ReverseEarnResponseSchema,
  SubmitEarnResponse_State,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { Money } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import type { Transaction } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import {
  EarnNotPosted,
  RefundConflict,
  RefundExceedsTransaction,
  TransactionConflict,
} from '../errors.ts';
import { LoyaltyError } from '../loyalty-error.ts';
import { checkEarn, checkRefund } from '../producer-checks.ts';
import { balanceOf, credited, debited, record } from './double-account.ts';
import { adjustBalance } from './double-adjustments.ts';
import { join } from './double-memberships.ts';
import { pointsOf } from './double-program.ts';
import { type DoubleEarn, NotInDouble, type Store } from './double-store.ts';
import type { Handlers } from './handlers.ts';

type Purchase = Pick<EarnRequest, 'programId' | 'userId' | 'transaction'>;

export interface LedgerHandlers {
  readonly handlers: Handlers<typeof LedgerService>;
  /** What the ledger does with a message from the stream. */
  readonly earn: (purchase: Purchase) => void;
  readonly reverse: (refund: ReverseEarnRequest) => void;
}

/** @param refused is called with the error of a purchase that was submitted and couldn't be credited */
export function ledgerHandlers(
  store: Store,
  refused: (error: LoyaltyError) => void,
): LedgerHandlers {
  const earn = (purchase: Purchase) => earned(store, purchase);
  const reverse = (refund: ReverseEarnRequest) => reversed(store, refund);
  return {
    earn,
    reverse,
    handlers: {
      earn,
      reverseEarn: reverse,
      adjustBalance: (request) => adjustBalance(store, request),
      getBalance: (request) => ({ balance: balanceOf(store.account(request)) }),
      listEntries: (request) => listEntries(store, request),
      getEarn({ programId, transactionId }) {
        const found = store.earns.get(`${programId}/${transactionId}`);
        if (found === undefined) {
          throw new EarnNotPosted('No points have been posted for the transaction');
        }
        return { earn: { ...earnOf(found), refunds: [...found.refunds.values()] } };
      },
      submitEarn(request) {
        const { programId, transaction } = request;
        noting(refused, () => earn(request));
        const transactionId = transaction?.transactionId ?? '';
        return { programId, transactionId, state: SubmitEarnResponse_State.ACCEPTED };
      },
      batchEarn({ programId, earns, joinMissing }) {
        store.program(programId);
        return {
          outcomes: earns.map(({ userId, transaction }) => ({
            transactionId: transaction?.transactionId ?? '',
            result: outcomeOf(() => {
              const member = { programId, userId };
              if (joinMissing && store.find(member) === undefined) {
                join(store, { ...member, attributes: {} });
              }
              return earn({ ...member, ...(transaction && { transaction }) });
            }),
          })),
        };
      },
    },
  };
}

/** Runs what a message asks for, and hands over the error if it is refused. */
export function noting(refused: (error: LoyaltyError) => void, run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof LoyaltyError)) throw error;
    refused(error);
  }
}

type EarnInit = MessageInitShape<typeof EarnResponseSchema>;

function outcomeOf(run: () => EarnInit) {
  try {
    return { case: 'success', value: run() } as const;
  } catch (error) {
    if (!(error instanceof LoyaltyError)) throw error;
    const { message, metadata, violations } = error;
    const reason = ErrorReason[error.reason as keyof typeof ErrorReason];
    return {
      case: 'failure',
      value: {
        reason,
        message,
        metadata: { ...metadata },
        violations: violations.map((each) => ({ ...each })),
      },
    } as const;
  }
}

function earned(store: Store, purchase: Purchase): EarnInit {
  checkEarn({ ...purchase, $typeName: 'loyalty.events.v1.EarnRequested' });
  const { programId, userId } = purchase;
  const transaction = purchase.transaction as Transaction;
  const program = store.program(programId);
  const key = `${programId}/${transaction.transactionId}`;
  const before = store.earns.get(key);
  if (before !== undefined) {
    refuseOtherContent(before, { userId, transaction });
    return { earn: earnOf(before), balance: balanceOf(before.account), replayed: true };
  }
  const account = store.activeAccount(purchase);
  const points = pointsOf(program, transaction, userId);
  const now = store.now();
  const { transactionId, channel } = transaction;
  record(account, {
    kind: Entry_Kind.EARN,
    now,
    changes: credited(account, points),
    about: { transactionId, channel, ...reported(transaction) },
  });
  account.lifetimeEarned += points;
  const earn: DoubleEarn = {
    account,
    transaction,
    points,
    reversedPoints: 0n,
    refundedMinorUnits: 0n,
    postedAt: now,
    refunds: new Map(),
  };
  store.earns.set(key, earn);
  return { earn: earnOf(earn), balance: balanceOf(account), replayed: false };
}

function reported({ occurTime, amount }: Transaction): { occurTime?: Timestamp; amount?: Money } {
  return { ...(occurTime && { occurTime }), ...(amount && { amount }) };
}

function earnOf(earn: DoubleEarn): Earn {
  const { account, transaction, points, reversedPoints, postedAt } = earn;
  const isReversed = earn.refunds.size > 0 && leftOf(earn) === 0n;
  return create(EarnSchema, {
    programId: account.programId,
    userId: account.userId,
    transactionId: transaction.transactionId,
    state: isReversed ? Earn_State.REVERSED : Earn_State.POSTED,
    points,
    reversedPoints,
    ruleSetVersion: 1,
    availableTime: timestampFromDate(postedAt),
    postTime: timestampFromDate(postedAt),
    channel: transaction.channel,
    ...reported(transaction),
  });
}

/** What is left of the amount that was paid, in minor units. */
function leftOf({ transaction, refundedMinorUnits }: DoubleEarn): bigint {
  return (transaction.amount?.minorUnits ?? 0n) - refundedMinorUnits;
}

function refuseOtherContent(
  { account, transaction: first }: DoubleEarn,
  repeat: { userId: string; transaction: Transaction },
): void {
  const left = contentOf(first);
  const right = contentOf(repeat.transaction);
  const fields = [
    ...(account.userId === repeat.userId ? [] : ['user_id']),
    ...Object.keys(left).filter((name) => left[name] !== right[name]),
  ].join(',');
  if (fields === '') return;
  const message = `The transaction was reported before with another ${fields}; report it as before, or report another transaction under its own id`;
  throw new TransactionConflict(message, { metadata: { fields } });
}

/** Texts that are equal for equal contents. */
function contentOf(transaction: Transaction): Record<string, string> {
  const { occurTime, amount, items, channel, attributes } = transaction;
  const text = (value: unknown) =>
    JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? String(part) : part));
  return {
    'transaction.occur_time': text(occurTime && timestampMs(occurTime)),
    'transaction.amount': text(amount),
    'transaction.items': text(items.toSorted((a, b) => (a.itemId < b.itemId ? -1 : 1))),
    'transaction.channel': channel,
    'transaction.attributes': text(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function reversed(
  store: Store,
  request: ReverseEarnRequest,
): MessageInitShape<typeof ReverseEarnResponseSchema> {
  checkRefund({ ...request, $typeName: 'loyalty.events.v1.RefundRequested' });
  const { programId, transactionId, refundId, extent } = request;
  const program = store.program(programId);
  const earn = store.earns.get(`${programId}/${transactionId}`);
  if (earn === undefined) throw new NotInDouble('refunds that arrive before their purchase');
  const { account, transaction } = earn;
  const before = earn.refunds.get(refundId);
  if (before !== undefined) {
    if (!sameExtent(before.extent, extent)) {
      throw new RefundConflict('The refund id was used before with other content');
    }
    return { refund: before, earn: earnOf(earn), balance: balanceOf(account), replayed: true };
  }
  earn.refundedMinorUnits += refundedBy(earn, extent);
  const left = leftOf(earn);
  const currencyCode = transaction.amount?.currencyCode ?? '';
  const remaining = { ...transaction, amount: { currencyCode, minorUnits: left } as Money };
  const kept = left === 0n ? 0n : pointsOf(program, remaining, account.userId);
  const present = earn.points - earn.reversedPoints;
  const points = kept < present ? present - kept : 0n;
  const { available, deficit } = debited(account, points);
  const now = store.now();
  earn.reversedPoints += points;
  account.lifetimeEarned -= points;
  const about = { transactionId, refundId, channel: transaction.channel, ...reported(transaction) };
  record(account, { kind: Entry_Kind.REFUND, now, changes: { available, deficit }, about });
  const refund = create(RefundSchema, {
    refundId,
    transactionId,
    state: Refund_State.APPLIED,
    points,
    taken: -available,
    owed: deficit,
    createTime: timestampFromDate(now),
    extent,
  });
  earn.refunds.set(refundId, refund);
  return { refund, earn: earnOf(earn), balance: balanceOf(account) };
}

type Extent = ReverseEarnRequest['extent'];

/** The minor units that a refund gives back. */
function refundedBy(earn: DoubleEarn, extent: Extent): bigint {
  const left = leftOf(earn);
  if (extent.case === 'full') return left;
  if (extent.case !== 'amount') throw new NotInDouble('refunds by items');
  const minorUnits = extent.value.minorUnits ?? 0n;
  if (minorUnits > left) {
    throw new RefundExceedsTransaction('More would be refunded than is left of the transaction');
  }
  return minorUnits;
}

function sameExtent(left: Extent, right: Extent): boolean {
  if (left.case !== 'amount' || right.case !== 'amount') return left.case === right.case;
  const [first, second] = [left.value, right.value];
  return first.currencyCode === second.currencyCode && first.minorUnits === second.minorUnits;
}

function listEntries(store: Store, request: ListEntriesRequest) {
  if (request.startTime !== undefined || request.endTime !== undefined) {
    throw new NotInDouble('a period in listEntries');
  }
  const { kinds, pageSize, pageToken } = request;
  const wanted = store
    .account(request)
    .entries.toReversed()
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  const start = pageToken === '' ? 0 : Number(pageToken);
  const end = start + (pageSize === 0 ? 50 : Math.min(pageSize, 500));
  return {
    entries: wanted.slice(start, end),
    nextPageToken: end < wanted.length ? String(end) : '',
  };
}
