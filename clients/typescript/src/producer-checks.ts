// What the ledger could only refuse: such a message would become a dead letter.

import type { EarnRequested } from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import type { RefundRequested } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import type { Money } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import type { FieldViolation } from './call-failure.ts';
import { ValidationFailed } from './errors.ts';

type Checks = (FieldViolation | undefined)[];

/** @throws {ValidationFailed} naming every field that is missing or malformed */
export function checkEarn({ programId, userId, transaction }: EarnRequested): void {
  refuse([
    programIdViolation(programId),
    idViolation('user_id', userId),
    ...(transaction === undefined
      ? [missing('transaction')]
      : [
          idViolation('transaction.transaction_id', transaction.transactionId),
          transaction.occurTime === undefined ? missing('transaction.occur_time') : undefined,
          ...moneyViolations('transaction.amount', transaction.amount),
          ...transaction.items.flatMap(({ itemId, quantity, amount }, index): Checks => {
            const path = `transaction.items[${index}]`;
            return [
              idViolation(`${path}.item_id`, itemId),
              quantity < 1 ? violation(`${path}.quantity`, 'must be at least 1') : undefined,
              ...moneyViolations(`${path}.amount`, amount),
            ];
          }),
        ]),
  ]);
}

/** @throws {ValidationFailed} naming every field that is missing or malformed */
export function checkRefund(event: RefundRequested): void {
  const { extent } = event;
  refuse([
    programIdViolation(event.programId),
    idViolation('transaction_id', event.transactionId),
    idViolation('refund_id', event.refundId),
    extent.case === undefined
      ? violation('extent', 'set full, amount or items: how much is refunded')
      : undefined,
    ...(extent.case === 'amount' ? moneyViolations('amount', extent.value) : []),
  ]);
}

function refuse(checks: Checks): void {
  const violations = checks.filter((each) => each !== undefined);
  if (violations.length === 0) return;
  const text = violations.map(({ field, message }) => `${field}: ${message}`).join('; ');
  throw new ValidationFailed(text, { violations, attempts: 0 });
}

function violation(field: string, message: string): FieldViolation {
  return { field, message };
}

function missing(field: string): FieldViolation {
  return violation(field, 'is required');
}

/** Also part of the subject, in which a dot or a star would mean something else. */
function programIdViolation(programId: string): FieldViolation | undefined {
  return /^[a-z][a-z0-9-]{1,48}[a-z0-9]$/.test(programId)
    ? undefined
    : violation('program_id', 'must be 3 to 50 lower-case letters, digits and hyphens');
}

function idViolation(field: string, id: string): FieldViolation | undefined {
  if (id === '') return missing(field);
  if (Buffer.byteLength(id) > 128) return violation(field, 'must be at most 128 bytes');
  return /\p{C}/u.test(id) ? violation(field, 'must be printable text') : undefined;
}

function moneyViolations(field: string, money: Money | undefined): Checks {
  if (money === undefined) return [missing(field)];
  const { currencyCode, minorUnits } = money;
  return [
    /^[A-Z]{3}$/.test(currencyCode)
      ? undefined
      : violation(`${field}.currency_code`, 'must be three capital letters, such as "USD"'),
    minorUnits === undefined
      ? missing(`${field}.minor_units`)
      : minorUnits < 0n || minorUnits > BigInt(Number.MAX_SAFE_INTEGER)
        ? violation(`${field}.minor_units`, 'must be from 0 to 9007199254740991')
        : undefined,
  ];
}
