import { describe, expect, test } from '@jest/globals';
import { storageErrors } from './storage-errors.ts';

class Named extends Error {}

const names = {
  constraints: { programs_pkey: (cause: unknown) => new Named('taken', { cause }) },
  lost: (cause: unknown) => new Named('lost', { cause }),
  unavailable: (cause: unknown) => new Named('unavailable', { cause }),
};
const refused = (cause: unknown) => new Named('refused', { cause });

const pgError = (code: string, constraint?: string) =>
  Object.assign(new Error('of the database'), { code, ...(constraint && { constraint }) });

describe('an error of the database', () => {
  test.each([
    ['a constraint in the table', pgError('23505', 'programs_pkey'), 'taken'],
    ['another constraint', pgError('23505', 'others_pkey'), 'refused'],
    ['a value that can’t be stored', pgError('22003'), 'refused'],
    ['a deadlock', pgError('40P01'), 'lost'],
    ['a shutdown', pgError('57P01'), 'unavailable'],
  ])('that is about %s gets the service’s name and keeps its cause', (_, error, message) => {
    const named = storageErrors({ ...names, refused }).nameOf(error);
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

test('a query’s result passes, and its error is translated', async () => {
  const { translated } = storageErrors(names);
  expect(await translated(Promise.resolve(1))).toBe(1);
  await expect(translated(Promise.reject(pgError('40001')))).rejects.toThrow('lost');
});
