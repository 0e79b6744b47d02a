import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { EarnSchema } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import {
  type BatchEarnOutcome,
  BatchEarnOutcomeSchema,
  BatchEarnResponseSchema,
  EarnFailureSchema,
  EarnResponseSchema,
  FieldViolationSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { ExplanationLineSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { fitBatch } from './batch-size.ts';

const bytesMax = 3 * 1024 * 1024;

function bytesOf(outcomes: BatchEarnOutcome[]): number {
  return toBinary(BatchEarnResponseSchema, create(BatchEarnResponseSchema, { outcomes })).length;
}

function success(lines: number): BatchEarnOutcome {
  const line = create(ExplanationLineSchema, { ruleId: 'a', displayName: '€'.repeat(100) });
  const explanation = Array.from({ length: lines }, () => line);
  const earn = create(EarnSchema, { points: 1n, explanation });
  const value = create(EarnResponseSchema, { earn });
  return create(BatchEarnOutcomeSchema, { result: { case: 'success', value } });
}

function failure(violations: number): BatchEarnOutcome {
  const text = '€'.repeat(128);
  const violation = create(FieldViolationSchema, { field: text, message: text });
  const value = create(EarnFailureSchema, {
    reason: ErrorReason.VALIDATION_FAILED,
    message: '€'.repeat(400),
    violations: Array.from({ length: violations }, () => violation),
  });
  return create(BatchEarnOutcomeSchema, { result: { case: 'failure', value } });
}

test('a batch that fits is left as it is', () => {
  const outcomes = Array.from({ length: 1000 }, () => success(5));
  const before = bytesOf(outcomes);
  fitBatch(BatchEarnOutcomeSchema, outcomes);
  expect(bytesOf(outcomes)).toBe(before);
});

test('details of failures are left out after all explanations, and reasons never', () => {
  const outcomes = Array.from({ length: 500 }, () => [failure(16), success(5)]).flat();
  fitBatch(BatchEarnOutcomeSchema, outcomes);
  // The lengths of the outcomes themselves come on top.
  expect(bytesOf(outcomes)).toBeLessThan(bytesMax + 10_000);
  expect(bytesOf(outcomes)).toBeGreaterThan(bytesMax - 20_000);
  const failures = outcomes.flatMap(({ result }) =>
    result.case === 'failure' ? [result.value] : [],
  );
  const kept = failures.findIndex(({ detailsOmitted }) => detailsOmitted);
  expect(kept).toBeGreaterThan(0);
  for (const [index, { detailsOmitted, reason, message, violations }] of failures.entries()) {
    expect(detailsOmitted).toBe(index >= kept);
    expect(violations).toHaveLength(index >= kept ? 0 : 16);
    expect([reason, message.length]).toEqual([ErrorReason.VALIDATION_FAILED, 400]);
  }
  const explained = outcomes.filter(
    ({ result }) => result.case === 'success' && !result.value.earn?.explanationOmitted,
  );
  expect(explained).toEqual([]);
});
