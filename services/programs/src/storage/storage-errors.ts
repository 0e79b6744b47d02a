import { StorageUnavailable } from '@loyalty/platform/errors.ts';
import { storageErrors } from '@loyalty/platform/postgres/storage-errors.ts';
import { AlreadyExists, Contention } from '../domain/errors.ts';

/** What errors of the database mean to a caller. */
export const { nameOf: storageError, translated } = storageErrors({
  constraints: {
    programs_pkey: () => new AlreadyExists('A program with this id exists already'),
    rewards_pkey: () => new AlreadyExists('A reward with this id exists already'),
  },
  lost: (cause) => new Contention('Too many changes of the same program at once', { cause }),
  unavailable: (cause) => new StorageUnavailable('The database can’t be reached', { cause }),
});
