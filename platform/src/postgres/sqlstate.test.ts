import { describe, expect, test } from '@jest/globals';
import { classify, constraintOf } from './sqlstate.ts';

const withCode = (code: string) => Object.assign(new Error('database error'), { code });

describe('classify', () => {
  test.each([
    ['22021', 'data'],
    ['22003', 'data'],
    ['23505', 'integrity'],
    ['23514', 'integrity'],
    ['40001', 'retryable'],
    ['40P01', 'retryable'],
    ['55P03', 'locked'],
    ['08006', 'unavailable'],
    ['53300', 'unavailable'],
    ['57P01', 'unavailable'],
    ['57014', 'unavailable'],
    ['25P03', 'unavailable'],
    ['25006', 'unavailable'],
    ['ECONNREFUSED', 'unavailable'],
    ['ECONNRESET', 'unavailable'],
    ['42601', 'other'],
    ['25P02', 'other'],
  ])('%s is %s', (code, expected) => {
    expect(classify(withCode(code))).toBe(expected);
  });

  test.each([
    'Connection terminated unexpectedly',
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'ROLLBACK - Connection terminated unexpectedly',
  ])('an error without code, "%s", is unavailable', (message) => {
    expect(classify(new Error(message))).toBe('unavailable');
  });

  test('looks through wrappers', () => {
    const refused = withCode('ECONNREFUSED');
    expect(classify(new Error('failed', { cause: withCode('40001') }))).toBe('retryable');
    expect(classify(new AggregateError([refused, refused]))).toBe('unavailable');
  });

  test.each([undefined, 'text', new Error('a mistake in our code'), new AggregateError([])])(
    'anything else is other (%#)',
    (error) => {
      expect(classify(error)).toBe('other');
    },
  );
});

test('constraintOf names the constraint that was violated', () => {
  expect(constraintOf(Object.assign(new Error(), { constraint: 'earns_pkey' }))).toBe('earns_pkey');
  expect(constraintOf(new Error('another'))).toBeUndefined();
});
