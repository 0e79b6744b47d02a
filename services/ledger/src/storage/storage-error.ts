import { classify, constraintOf } from '@loyalty/platform/postgres/sqlstate.ts';
import { LostRace, RefusedByStorage } from '../app/ledger-store.ts';
import { StorageUnavailable } from '../domain/errors.ts';

/** Constraints that fail when another transaction came first; run again, the command finds what that one wrote. */
const raceConstraints: ReadonlySet<string> = new Set([
  'member_ids_pkey',
  'earns_pkey',
  'redemptions_idempotency_key',
  'requests_pkey',
]);

/** What a database error means for the commands of a transaction. Other errors pass as they are. */
export function storageError(error: unknown): unknown {
  const failure = classify(error);
  switch (failure) {
    case 'retryable':
      return new LostRace('the transaction lost against a concurrent one', { cause: error });
    case 'integrity':
      return raceConstraints.has(constraintOf(error) ?? '')
        ? new LostRace('a concurrent transaction wrote it first', { cause: error })
        : new RefusedByStorage('the database refused a value', { cause: error });
    case 'data':
      return new RefusedByStorage('the database refused a value', { cause: error });
    case 'unavailable':
      return new StorageUnavailable(error);
    case 'other':
      return error;
    default:
      return failure satisfies never;
  }
}
