import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Transaction } from '@loyalty/rules/language.ts';
import { validateTransaction } from '@loyalty/rules/validate-transaction.ts';
import { InvalidCommand } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';

/** How far ahead of the ledger's clock a transaction may say that it happened. */
const clockToleranceMs = 5 * 60_000;

/**
 * Checks what goes beyond the rules of single fields, and answers when the transaction happened.
 *
 * @throws {InvalidCommand}
 */
export function checkTransaction(transaction: Transaction, now: Instant): Date {
  const violations = validateTransaction(transaction).map(({ field, message }) => ({
    field: `transaction.${field}`,
    message,
  }));
  if (violations.length > 0) throw new InvalidCommand(violations);
  const { occurTime } = transaction;
  if (occurTime === undefined) {
    throw new InvalidCommand([{ field: 'transaction.occur_time', message: 'must be set' }]);
  }
  const date = timestampDate(occurTime);
  if (date.getTime() > now + clockToleranceMs) {
    throw new InvalidCommand([
      {
        field: 'transaction.occur_time',
        message: `lies more than 5 minutes ahead of the ledger's clock, which says ${new Date(now).toISOString()}`,
      },
    ]);
  }
  return date;
}
