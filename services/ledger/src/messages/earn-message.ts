import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  Earn_State,
  Earn_StateSchema,
  type EarnSchema,
  type UnappliedReportSchema,
} from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import type {
  EarnResponseSchema,
  QuoteEarnRequest,
  QuoteEarnResponseSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { ExplanationLine_Kind } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import {
  type Transaction,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { type ExplanationLine, noteForMembers } from '@loyalty/rules/explanation.ts';
import { beginningOfTime } from '@loyalty/rules/instant.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { UnappliedReport } from '../app/dead-letters.ts';
import type { EarnResult } from '../app/earn.ts';
import type { ExplainedEarn } from '../app/explained-earn.ts';
import type { EarnView } from '../app/get-earn.ts';
import type { EarnQuote, QuoteEarnInput } from '../app/quote-earn.ts';
import type { EarnInput } from '../app/reports.ts';
import type { EarnState } from '../domain/earn.ts';
import { renderBalance } from './balance-message.ts';
import { enumName } from './enum-name.ts';
import { purchaseFields } from './purchase-message.ts';
import { renderRefund } from './refund-message.ts';

/** A reported purchase, whose presence the contract's validation ensures. */
export function parseEarn(report: {
  programId: string;
  userId: string;
  transaction?: Transaction | undefined;
}): EarnInput {
  const { programId, userId, transaction } = report;
  if (transaction === undefined) {
    throw new ValidationFailed([{ field: 'transaction', message: 'must be set' }]);
  }
  return { programId, userId, purchase: transaction };
}

/** A purchase to quote. */
export function parseQuoteEarn(request: QuoteEarnRequest): Omit<QuoteEarnInput, 'byMember'> {
  const { programId, userId, amount, items, channel, attributes } = request;
  const content = { items, channel, attributes, ...(amount !== undefined && { amount }) };
  return { programId, userId, purchase: create(TransactionSchema, content) };
}

/** The state that a list is restricted to; undefined for all. */
export function parseEarnState(state: Earn_State): EarnState | undefined {
  return enumName(Earn_StateSchema, state);
}

/** An earn as a message of the contract; GetEarn includes its refunds. */
export function renderEarn(
  earn: ExplainedEarn & Pick<EarnView, 'userId'> & Partial<EarnView>,
): MessageInitShape<typeof EarnSchema> {
  const { postTime } = earn;
  return {
    programId: earn.programId,
    userId: earn.userId,
    transactionId: earn.transactionId,
    state: Earn_State[earn.state],
    points: earn.points,
    reversedPoints: earn.reversedPoints,
    ruleSetVersion: earn.ruleSetVersion,
    explanation: earn.explanation.map(renderLine),
    ...renderDates(earn),
    postTime: timestampFromMs(postTime),
    ...purchaseFields(earn.purchase),
    refunds: (earn.refunds ?? []).map(renderRefund),
    ...(earn.unappliedReport && { unappliedReport: renderUnapplied(earn.unappliedReport) }),
  };
}

/** The earn as the member sees it, whose conditions are the operators' own business. */
export function renderEarnForMember(
  earn: Parameters<typeof renderEarn>[0],
): ReturnType<typeof renderEarn> {
  const explanation = earn.explanation.map((line) => ({
    ...line,
    note: noteForMembers(line.note),
  }));
  return renderEarn({ ...earn, explanation });
}

/** A line of an explanation as a message of the contract. */
export function renderLine(
  line: ExplanationLine,
): Omit<ExplanationLine, 'kind'> & { kind: ExplanationLine_Kind } {
  return { ...line, kind: ExplanationLine_Kind[line.kind] };
}

function renderDates({ lot, postTime }: Pick<ExplainedEarn, 'lot' | 'postTime'>) {
  return {
    // Points that never had to mature are available since they were posted.
    availableTime: timestampFromMs(
      lot.availableAt === beginningOfTime ? postTime : lot.availableAt,
    ),
    ...timestampField('expireTime', lot.expiresAt),
  };
}

/** A quoted purchase as a message of the contract, like the earn that it would be. */
export function renderEarnQuote({
  earn,
  balance,
}: EarnQuote): MessageInitShape<typeof QuoteEarnResponseSchema> {
  return {
    points: earn.points,
    explanation: earn.explanation.map(renderLine),
    ruleSetVersion: earn.ruleSetVersion,
    ...renderDates(earn),
    balance: renderBalance(balance),
  };
}

/** The quote as the member sees it: what each rule would give, without how it was calculated. */
export function renderEarnQuoteForMember({
  earn,
  balance,
}: EarnQuote): ReturnType<typeof renderEarnQuote> {
  const explanation = earn.explanation.map((line) => ({ ...line, note: '' }));
  return renderEarnQuote({ earn: { ...earn, explanation }, balance });
}

function renderUnapplied({
  deadLetterId,
  reason,
}: UnappliedReport): MessageInitShape<typeof UnappliedReportSchema> {
  return { deadLetterId, reason: ErrorReason[reason as keyof typeof ErrorReason] };
}

/** The response to a reported purchase. */
export function renderEarnResult({
  userId,
  earn,
  balance,
  replayed,
}: EarnResult): MessageInitShape<typeof EarnResponseSchema> {
  return { earn: renderEarn({ ...earn, userId }), balance: renderBalance(balance), replayed };
}
