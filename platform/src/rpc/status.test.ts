import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { StorageUnavailable, ValidationFailed } from '../errors.ts';
import { codeName, encodeStatus, statusOf } from './status.ts';

function reasoned(reason: string, extra: object = {}): Error {
  return Object.assign(new Error('Told to the caller'), { reason, ...extra });
}

describe('an error is answered', () => {
  test.each(ErrorReasonSchema.values.filter(({ number }) => number !== 0).map(({ name }) => name))(
    'with the code of its reason: %s',
    (reason) => {
      const status = statusOf(reasoned(reason), 'r1');
      expect(status.reason).toBe(reason);
      expect(codeName(status.code)).not.toBe('OK');
      expect(codeName(status.code)).not.toBe('UNKNOWN');
    },
  );

  test('with its own text and metadata, also when it is no class of ours', () => {
    const status = statusOf(
      reasoned('INSUFFICIENT_POINTS', { metadata: { missingPoints: '10' } }),
      'r1',
    );
    expect(codeName(status.code)).toBe('FAILED_PRECONDITION');
    expect(status.message).toBe('Told to the caller');
    expect(status.metadata).toEqual({ missingPoints: '10' });
  });

  test.each([
    ['no reason', new Error('select * from secrets')],
    ['a reason that the catalog lacks', reasoned('MY_OWN_REASON')],
    ['the reason INTERNAL', reasoned('INTERNAL')],
    ['no error', 'text'],
  ])('with INTERNAL and nothing but the request id, if it has %s', (_case, error) => {
    const status = statusOf(error, 'r1');
    expect(codeName(status.code)).toBe('INTERNAL');
    expect(status.message).toBe('An internal error occurred; report the request id r1');
    expect(status.metadata).toEqual({});
  });

  test('with a delay to retry after, if retrying helps', () => {
    expect(statusOf(new StorageUnavailable('away'), 'r1').retryAfterMs).toBe(1000);
    expect(statusOf(reasoned('VELOCITY_LIMIT', { retryAfterMs: 1500 }), 'r1').retryAfterMs).toBe(
      1500,
    );
    expect(statusOf(reasoned('DEADLINE_EXCEEDED'), 'r1').retryAfterMs).toBe(1000);
    for (const reason of ['OUT_OF_STOCK', 'LIMIT_EXCEEDED']) {
      expect(statusOf(reasoned(reason), 'r1').retryAfterMs).toBeUndefined();
    }
  });

  test('briefly enough for the trailers that clients accept, however much is wrong', () => {
    const violations = Array.from({ length: 1000 }, (_, index) => ({
      field: `transactions[${index}].transaction_id`,
      message: 'must not be empty. '.repeat(100),
    }));
    const status = statusOf(new ValidationFailed(violations), 'r1');
    expect(Buffer.from(encodeStatus(status)).toString('base64').length).toBeLessThan(8192);
    expect(status.violations[0]?.field).toBe('transactions[0].transaction_id');
  });

  test('with text that a header can carry, although it quotes half a character', () => {
    const status = statusOf(Object.assign(new Error('\ud800'), { reason: 'OUT_OF_STOCK' }), 'r1');
    expect(() => encodeURI(status.message)).not.toThrow();
  });
});

test('the details that a gRPC client reads name the reason, the fields and the delay', () => {
  const error = Object.assign(new ValidationFailed([{ field: 'text', message: 'too long' }]), {
    retryAfterMs: 2500,
  });
  const { code, details } = fromBinary(StatusSchema, encodeStatus(statusOf(error, 'r1')));
  expect(codeName(code)).toBe('INVALID_ARGUMENT');
  const [info, badRequest, retry] = details;
  expect(info && anyUnpack(info, ErrorInfoSchema)).toMatchObject({
    reason: 'VALIDATION_FAILED',
    domain: 'loyalty',
  });
  expect(badRequest && anyUnpack(badRequest, BadRequestSchema)).toMatchObject({
    fieldViolations: [{ field: 'text', description: 'too long' }],
  });
  expect(retry && anyUnpack(retry, RetryInfoSchema)).toMatchObject({
    retryDelay: { seconds: 2n, nanos: 500_000_000 },
  });
});
