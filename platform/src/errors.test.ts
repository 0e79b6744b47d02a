import { describe, expect, test } from '@jest/globals';
import { isReasoned, StorageUnavailable, ValidationFailed } from './errors.ts';

describe('isReasoned', () => {
  test('recognizes an error of domain code by its shape', () => {
    const error = Object.assign(new Error('no'), { reason: 'OUT_OF_STOCK' });
    expect(isReasoned(error)).toBe(true);
  });

  test.each([
    Object.assign(new Error('no'), { reason: 'NOT_IN_THE_CATALOG' }),
    Object.assign(new Error('no'), { reason: 'ERROR_REASON_UNSPECIFIED' }),
    Object.assign(new Error('no'), { reason: 7 }),
    new Error('no reason'),
    { reason: 'OUT_OF_STOCK' },
    undefined,
  ])('leaves anything else unexplained (%#)', (error) => {
    expect(isReasoned(error)).toBe(false);
  });
});

test('a validation error names all of its fields in one message', () => {
  const error = new ValidationFailed([
    { field: 'page_size', message: 'must not be negative' },
    { field: 'user_id', message: 'is empty' },
  ]);
  expect(error.message).toBe('page_size: must not be negative; user_id: is empty');
  expect(error.reason).toBe('VALIDATION_FAILED');
  expect(error.violations).toHaveLength(2);
});

test('a validation error of the whole request says just what is wrong', () => {
  const error = new ValidationFailed([{ field: '', message: 'the body is not JSON' }]);
  expect(error.message).toBe('The body is not JSON');
});

test('a caller is told when to come back to storage that is away', () => {
  const cause = new Error('ECONNREFUSED');
  const error = new StorageUnavailable('the database is away', { cause });
  expect(error).toMatchObject({ reason: 'STORAGE_UNAVAILABLE', retryAfterMs: 1000, cause });
});
