import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  DeadLetter_State,
  type DeadLetterSchema,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { DeadLetter, Decision } from '../app/dead-letters.ts';

/** A dead letter as the contract shows it. */
export function renderDeadLetter(letter: DeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  const { message, about, state } = letter;
  return {
    deadLetterId: String(letter.deadLetterId),
    state: DeadLetter_State[state],
    subject: message.subject,
    programId: about.programId,
    transactionId: about.transactionId,
    reason: ErrorReason[letter.reason as keyof typeof ErrorReason],
    detail: letter.detail,
    attempts: letter.attempts,
    ...(state === 'WAITING' && { retryTime: timestampFromMs(letter.retryAt) }),
    createTime: timestampFromMs(letter.createTime),
    contentType: message.contentType,
    payload: message.payload,
    ...(letter.decision && { decision: renderDecision(letter.decision) }),
  };
}

function renderDecision({ author, why, time }: Decision) {
  return { ...author, why, decideTime: timestampFromMs(time) };
}
