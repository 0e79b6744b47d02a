import { isReasoned } from '../errors.ts';
import { classify, constraintOf } from './sqlstate.ts';

type Naming = (cause: unknown) => Error;

/** What a service calls the errors of its database. */
export interface StorageErrorNames {
  /** What the violation of a constraint means, by the constraint's name. */
  readonly constraints: Readonly<Record<string, Naming>>;
  /** Any other constraint or value that the database refused. A fault of the service that passes as it is where absent. */
  readonly refused?: Naming;
  /** The transaction lost against a concurrent one and was undone. */
  readonly lost: Naming;
  /** Somebody else kept a lock for too long. The same as {@link lost} where absent. */
  readonly locked?: Naming;
  /** The database is away; a transaction may have been committed. */
  readonly unavailable: Naming;
}

export interface StorageErrors {
  /** The service's own error for one of the database; any other error, and one that was translated before, as it is. */
  readonly nameOf: (error: unknown) => unknown;
  /** What a query returns; what it throws has the service's name. */
  readonly translated: <Result>(query: PromiseLike<Result>) => Promise<Result>;
}

/** Translates errors of pg and knex into those of a service. */
export function storageErrors(names: StorageErrorNames): StorageErrors {
  const { constraints, refused, lost, locked = lost, unavailable } = names;
  function translation(error: unknown): unknown {
    const failure = classify(error);
    switch (failure) {
      case 'integrity':
        return (constraints[constraintOf(error) ?? ''] ?? refused)?.(error) ?? error;
      case 'data':
        return refused?.(error) ?? error;
      case 'retryable':
        return lost(error);
      case 'locked':
        return locked(error);
      case 'unavailable':
        return unavailable(error);
      case 'other':
        return error;
      default:
        return failure satisfies never;
    }
  }
  // Errors pass several translators on their way to the caller, and those that have a name keep what the database said as
  // their cause, by which they would be translated again.
  const translations = new WeakSet<object>();
  function nameOf(error: unknown): unknown {
    if (isReasoned(error) || (Error.isError(error) && translations.has(error))) return error;
    const named = translation(error);
    if (named !== error && Error.isError(named)) translations.add(named);
    return named;
  }
  return {
    nameOf,
    async translated(query) {
      try {
        return await query;
      } catch (error) {
        throw nameOf(error);
      }
    },
  };
}
