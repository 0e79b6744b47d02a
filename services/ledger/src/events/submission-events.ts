import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { encodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import {
  SubmissionFailed_Kind as Kind,
  SubmissionFailedSchema,
} from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { FailedSubmission } from '../app/dead-letters.ts';
import { ownHeaders, sharedHeaders } from '../messages/event-headers.ts';

const programIdPattern = /^[a-z][a-z0-9-]{1,48}[a-z0-9]$/;

/** Stands in a subject for what can't be the id of a program. No program can have it as its id. */
const noProgram = '_';

const encodeFailure = encoderOf(SubmissionFailedSchema);

/**
 * The outbox row that announces a failed attempt: one CloudEvent. Not `{dead letter}-{attempt}`: that is what the ids of
 * journal entries look like, and the stream drops what comes under an id that it has just seen.
 */
export function encodeSubmissionFailed(failed: FailedSubmission): Uint8Array {
  const { attempt, subject, about, author, failure } = failed;
  const deadLetterId = String(failed.deadLetterId);
  const programId = programIdPattern.test(about.programId) ? about.programId : '';
  const type = `submission.${failure.state.toLowerCase()}`;
  const eventId = `${deadLetterId}-attempt-${attempt}`;
  return encodeOutboxBatch([
    {
      eventId,
      subject: `loyalty.events.v1.${programId || noProgram}.${type}`,
      headers: {
        ...sharedHeaders,
        ...ownHeaders({ eventId, type, about: deadLetterId, time: failure.failTime, author }),
      },
      data: encodeFailure({
        programId,
        transactionId: about.transactionId,
        refundId: about.refundId,
        kind: subject.startsWith('loyalty.refund.') ? Kind.REFUND : Kind.EARN,
        deadLetterId,
        attempt,
        reason: ErrorReason[failure.reason as keyof typeof ErrorReason],
        detail: failure.detail,
        ...(failure.state === 'WAITING' && { retryTime: timestampFromMs(failure.retryAt) }),
        subject,
      }),
    },
  ]);
}
