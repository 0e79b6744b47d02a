import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationMs, type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { createLoyaltyClient } from '@loyalty/client/loyalty-client.ts';
import { LoyaltyError } from '@loyalty/client/loyalty-error.ts';
import type { ChannelCredentials } from '@loyalty/platform/rpc/client.ts';
import { Refund_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type {
  AdjustFailure,
  BatchAdjustItemSchema,
  BatchEarnItemSchema,
  EarnFailure,
  ReverseEarnResponse,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason, ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import { naming } from '../service-calls/service-naming.ts';
import { ProgramRefused } from './program-refused.ts';
import { type LineOutcome, NotYet, type Postponed } from './sending.ts';

export type EarnItem = MessageInitShape<typeof BatchEarnItemSchema>;
/** A refund by amount. */
export interface RefundItem {
  readonly transactionId: string;
  readonly refundId: string;
  readonly amount: MessageInitShape<typeof MoneySchema>;
}
export type AdjustItem = MessageInitShape<typeof BatchAdjustItemSchema>;

/**
 * The calls of the ledger that an import makes. All of them are idempotent, and return a result for each item in the
 * items' order.
 *
 * @throws {ProgramRefused} {@link ServiceUnavailable} {@link LoyaltyError}
 */
export interface LedgerClient {
  earn(items: readonly EarnItem[]): Promise<(LineOutcome | Postponed)[]>;
  /** Refunds that come before their purchase wait for it. */
  refund(items: readonly RefundItem[]): Promise<(LineOutcome | Postponed)[]>;
  adjust(items: readonly AdjustItem[]): Promise<(LineOutcome | Postponed)[]>;
  close(): void;
}

export function openLedger(options: {
  address: string;
  credentials: ChannelCredentials;
  token: string;
  programId: string;
  /** Whether users who never were members join. */
  joinMissing: boolean;
}): LedgerClient {
  const { address, credentials, token, programId, joinMissing } = options;
  // One attempt, so that nothing is repeated behind our back: what was sent twice is counted as such.
  const retries = { attemptsMax: 1 };
  const client = createLoyaltyClient({ ledgerAddress: address, tls: credentials, token, retries });
  const { ledger } = client;
  const reached = naming(`The ledger at ${address}`);
  return {
    async earn(items) {
      const request = { programId, earns: [...items], joinMissing };
      const { outcomes } = await reached(ledger.batchEarn(request));
      return outcomes.map(({ result }) => {
        if (result.case !== 'success') return refusal(result.value);
        const { earn, replayed } = result.value;
        return done(earn?.points, replayed, earn?.postTime);
      });
    },
    async refund(items) {
      const settled = await Promise.allSettled(
        items.map(({ transactionId, refundId, amount }) => {
          const extent = { case: 'amount', value: amount } as const;
          const request = { programId, transactionId, refundId, extent };
          return reached(ledger.reverseEarn(request));
        }),
      );
      return settled.map((each) =>
        each.status === 'fulfilled' ? refundOutcome(each.value) : refundRefusal(each.reason),
      );
    },
    async adjust(items) {
      const request = { programId, adjustments: [...items], joinMissing };
      const { outcomes } = await reached(ledger.batchAdjust(request));
      return outcomes.map(({ result }) => {
        if (result.case !== 'success') return refusalOfBalance(result.value);
        const { entry, replayed } = result.value;
        return done(entry?.points, replayed, entry?.createTime);
      });
    },
    close: () => client.close(),
  };
}

function done(
  points = 0n,
  replayed: boolean,
  time: Timestamp | undefined,
): Extract<LineOutcome, { kind: 'done' }> {
  return { kind: 'done', points, replayed, doneMs: time === undefined ? 0 : timestampMs(time) };
}

/** Reasons that are about the program, and so the same for each line. */
const programReasons: ReadonlySet<string> = new Set(['PROGRAM_NOT_FOUND', 'PROGRAM_NOT_ACTIVE']);

function refusal(failure: EarnFailure | AdjustFailure | undefined): LineOutcome | Postponed {
  if (failure === undefined) throw new Error('The ledger left out an outcome');
  const { message, retryDelay } = failure;
  const reason = ErrorReasonSchema.value[failure.reason]?.name ?? 'INTERNAL';
  if (programReasons.has(reason)) throw new ProgramRefused(message);
  return retryDelay === undefined
    ? { kind: 'refused', problem: `${reason}: ${message}` }
    : {
        kind: 'postponed',
        error: new NotYet(message, { reason, retryAfterMs: durationMs(retryDelay) }),
      };
}

/** The key is the import's own, so that its author can't choose another one. */
function refusalOfBalance(failure: AdjustFailure | undefined): LineOutcome | Postponed {
  const outcome = refusal(failure);
  if (failure?.reason !== ErrorReason.IDEMPOTENCY_KEY_REUSED) return outcome;
  const fields = new Set(failure.metadata['fields']?.split(','));
  return { kind: 'refused', problem: `IDEMPOTENCY_KEY_REUSED: ${differenceOf(fields)}` };
}

/** What is another than in the import that had the key first. The key has the line's dates as the file writes them. */
function differenceOf(fields: ReadonlySet<string>): string {
  if (fields.has('points')) {
    return 'other points were imported for this user and these dates: to change them, adjust the balance';
  }
  const differences = [
    ...(fields.has('reason') ? [{ what: 'reason', flag: '--reason' }] : []),
    ...(fields.has('note') ? [{ what: 'note', flag: '--note' }] : []),
    ...(fields.has('expire_time') ? [{ what: 'time zone', flag: '--time-zone' }] : []),
  ];
  const whats = differences.map(({ what }) => what).join(' and ');
  const flags = differences.map(({ flag }) => flag).join(' and ');
  return `these points were imported for this user and these dates with another ${whats}: give the same ${flags} as before`;
}

function refundOutcome({ refund, replayed }: ReverseEarnResponse): LineOutcome {
  switch (refund?.state) {
    case Refund_State.APPLIED:
      return done(refund.points, replayed, refund.createTime);
    case Refund_State.WAITING:
      return { ...done(0n, replayed, refund.createTime), waits: true };
    case Refund_State.REJECTED:
      return { kind: 'refused', problem: 'it exceeds what is left of its purchase' };
    case Refund_State.CANCELLED:
      return { kind: 'refused', problem: 'it was cancelled before its purchase arrived' };
    default:
      throw new Error('The ledger returned a refund without a state');
  }
}

const refundReasons: ReadonlySet<string> = new Set([
  'VALIDATION_FAILED',
  'REFUND_CONFLICT',
  'REFUND_EXCEEDS_TRANSACTION',
  'LIMIT_EXCEEDED',
]);

function refundRefusal(error: unknown): LineOutcome {
  if (!(error instanceof LoyaltyError)) throw error;
  if (programReasons.has(error.reason)) throw new ProgramRefused(error.message);
  if (!refundReasons.has(error.reason)) throw error;
  return { kind: 'refused', problem: `${error.reason}: ${error.message}` };
}
