import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { BatchAdjustRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { App } from '../app/app.ts';
import type { CommitQueue } from '../app/commit-queue.ts';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import { MembershipNotFound, ProgramNotFound } from '../domain/errors.ts';
import { adjustmentHandlers } from './adjustments.ts';

const context = {
  requestId: 'r',
  caller: { roles: new Set(['admin']), subject: 'ops' },
  fieldNaming: () => undefined,
} as unknown as CallContext;

const request = create(BatchAdjustRequestSchema, {
  programId: 'wine-dine',
  adjustments: ['a', 'b', 'c', 'd'].map((idempotencyKey) => ({
    userId: 'alice',
    idempotencyKey,
    points: idempotencyKey === 'b' ? 0n : 1n,
    reason: 'correction',
  })),
});

/** An app that records what it is asked. Each question about a program is answered before those that came earlier. */
function recordingApp(answer: () => ProgramDefinition) {
  const submitted: (string | undefined)[] = [];
  let questions = 0;
  const submit: CommitQueue['submit'] = ({ needs }) => {
    submitted.push(needs.request?.idempotencyKey);
    return Promise.reject(new MembershipNotFound());
  };
  const catalog = {
    async getLatest() {
      questions += 1;
      await sleep(Math.max(1, 20 - questions * 5));
      return answer();
    },
  };
  const app = { catalog, queue: { submit, together: async () => ({ submit }) } } as unknown as App;
  return { app, submitted, questions: () => questions };
}

test('a batch of adjustments asks once for its program, and is submitted in its order', async () => {
  const { app, submitted, questions } = recordingApp(() => ({}) as ProgramDefinition);
  const { outcomes = [] } = await adjustmentHandlers(app).batchAdjust(request, context);
  expect(questions()).toBe(1);
  expect(submitted).toEqual(['a', 'c', 'd']);
  expect(outcomes).toHaveLength(4);
});

test('each adjustment of a batch whose program doesn’t exist is refused for that', async () => {
  const { app } = recordingApp(() => {
    throw new ProgramNotFound('wine-dine');
  });
  const { outcomes = [] } = await adjustmentHandlers(app).batchAdjust(request, context);
  const { PROGRAM_NOT_FOUND, VALIDATION_FAILED } = ErrorReason;
  expect(outcomes).toMatchObject(
    [PROGRAM_NOT_FOUND, VALIDATION_FAILED, PROGRAM_NOT_FOUND, PROGRAM_NOT_FOUND].map((reason) => ({
      result: { case: 'failure', value: { reason } },
    })),
  );
});
