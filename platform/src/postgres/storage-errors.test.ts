import { describe, expect, test } from '@jest/globals';
import { storageErrors } from './storage-errors.ts';

class Named extends Error {}

const names = {
  constraints: { programs_pkey: (cause: unknown) => new Named('taken', { cause }) },
  lost: (cause: unknown) => new Named('lost', { cause }),
  unavailable: (cause: unknown) => new Named('unavailable', { cause }),
};
/** As errors that are returned to callers. */
class Finished extends Error {
  readonly reason = 'CONTENTION';
}

const refused = (cause: unknown) => new Named('refused', { cause });

const locked = (cause: unknown) => new Named('locked', { cause });

const pgError = (code: string, constraint?: string) =>
  Object.assign(new Error('of the database'), { code, ...(constraint && { constraint }) });

describe('an error of the database', () => {
  test.each([
    ['a constraint in the table', pgError('23505', 'programs_pkey'), 'taken'],
    ['another constraint', pgError('23505', 'others_pkey'), 'refused'],
    ['a value that can’t be stored', pgError('22003'), 'refused'],
    ['a deadlock', pgError('40P01'), 'lost'],
    ['a lock that somebody kept', pgError('55P03'), 'locked'],
    ['a shutdown', pgError('57P01'), 'unavailable'],
  ])('that is about %s gets the service’s name and keeps its cause', (_, error, message) => {
    const named = storageErrors({ ...names, refused, locked }).nameOf(error);
    expect(named).toBeInstanceOf(Named);
    expect(named).toMatchObject({ message, cause: error });
  });

  test.each([
    ['a constraint without a name', pgError('23505', 'others_pkey')],
    ['a value, where the service has no name for that', pgError('22003')],
    ['anything else', pgError('42601')],
    ['no database', new Error('a bug')],
  ])('about %s passes as it is', async (_, error) => {
    const { nameOf, translated } = storageErrors(names);
    expect(nameOf(error)).toBe(error);
    await expect(translated(Promise.reject(error))).rejects.toBe(error);
  });
});

test('a lock that somebody kept is a race that was lost, where the service has no name for it', () => {
  expect(storageErrors(names).nameOf(pgError('55P03'))).toMatchObject({ message: 'lost' });
});

describe('is not translated again:', () => {
  const { nameOf } = storageErrors({ ...names, refused });

  test.each(['40P01', '55P03', '57P01', '22003'])(
    'an error that was translated from %s passes as it is',
    (code) => {
      const named = nameOf(pgError(code));
      expect(nameOf(named)).toBe(named);
    },
  );

  test.each(['40P01', '57P01', '22003'])(
    'an error that is the answer to a caller passes as it is, though %s caused it',
    (code) => {
      const finished = new Finished('finished', { cause: nameOf(pgError(code)) });
      expect(nameOf(finished)).toBe(finished);
    },
  );
});

test('a query’s result passes, and its error is translated', async () => {
  const { translated } = storageErrors(names);
  expect(await translated(Promise.resolve(1))).toBe(1);
  await expect(translated(Promise.reject(pgError('40001')))).rejects.toThrow('lost');
});
