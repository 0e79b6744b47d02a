import { StorageUnavailable } from '@loyalty/platform/errors.ts';
import { classify, constraintOf } from '@loyalty/platform/postgres/sqlstate.ts';
import { AlreadyExists, Contention } from '../domain/errors.ts';

/** What the violation of a constraint means to a caller. All others would be faults of this service. */
const byConstraint: Readonly<Record<string, () => Error>> = {
  programs_pkey: () => new AlreadyExists('A program with this id exists already'),
  rewards_pkey: () => new AlreadyExists('A reward with this id exists already'),
};

/** Gives an error of the database the domain's name, where it has one; everything else is returned as it is. */
export function translateStorageError(error: unknown): unknown {
  switch (classify(error)) {
    case 'integrity':
      return byConstraint[constraintOf(error) ?? '']?.() ?? error;
    case 'retryable':
      return new Contention('Too many changes of the same program at once', { cause: error });
    case 'unavailable':
      return new StorageUnavailable('The database can’t be reached', { cause: error });
    case 'data':
    case 'other':
      return error;
  }
}

/** Runs database work, and throws what the domain calls its errors. */
export async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translateStorageError(error);
  }
}
