import { instant, type Timestamp, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import type {
  DeadLetter,
  DeadLetterState,
  Decision,
  DueLetter,
  FailedSubmission,
  Failure,
} from '../app/dead-letters.ts';
import type { StreamMessage, SubmissionName } from '../app/stream-message.ts';

export interface DueRow {
  dead_letter_id: bigint;
  stream_sequence: bigint;
  stream_time: Date;
  subject: string;
  content_type: string;
  payload: Buffer;
  actor: string;
  request_id: string;
  attempts: number;
}

export interface DeadLetterRow extends DueRow {
  state: DeadLetterState;
  reason: string;
  detail: string;
  program_id: string;
  transaction_id: string;
  refund_id: string;
  retry_at: Timestamp;
  create_time: Date;
  decide_time: Date | null;
  decide_actor: string | null;
  decide_request_id: string | null;
  decide_why: string | null;
}

/** The columns of a row that are announced when an attempt failed. */
export const attemptColumns = [
  'dead_letter_id',
  'attempts',
  'subject',
  'actor',
  'request_id',
  'program_id',
  'transaction_id',
  'refund_id',
  'detail',
] as const;

export type AttemptRow = Pick<DeadLetterRow, (typeof attemptColumns)[number]>;

/** All but the payload, which can be large. */
export const summaryColumns = `dead_letter_id, stream_sequence, stream_time, subject, content_type, actor, request_id, attempts,
  state, reason, detail, program_id, transaction_id, refund_id, retry_at, create_time,
  decide_time, decide_actor, decide_request_id, decide_why`;

export function rowOf({
  message,
  about,
  failure,
}: {
  message: StreamMessage;
  about: SubmissionName;
  failure: Failure;
}) {
  return {
    ...failureColumns(failure),
    stream_sequence: message.streamSequence,
    stream_time: timestamptz(message.streamTime),
    subject: storable(message.subject),
    content_type: storable(message.contentType),
    payload: Buffer.from(message.payload),
    actor: storable(message.author.actor),
    request_id: storable(message.author.requestId),
    program_id: storable(about.programId),
    transaction_id: storable(about.transactionId),
    refund_id: storable(about.refundId),
    attempts: 1,
    create_time: new Date(),
  };
}

export function failureColumns({ state, reason, detail, retryAt }: Failure) {
  return { state, reason, detail: storable(detail), retry_at: timestamptz(retryAt) };
}

export function failedSubmission(row: AttemptRow, failure: Failure): FailedSubmission {
  return {
    deadLetterId: row.dead_letter_id,
    attempt: row.attempts,
    subject: row.subject,
    about: aboutOf(row),
    author: { actor: row.actor, requestId: row.request_id },
    failure: { ...failure, detail: row.detail },
  };
}

// Whatever came in has to be kept, but PostgreSQL's text can't hold every string: no NUL, no half of a character.
export function storable(text: string): string {
  return text.slice(0, 2_000).toWellFormed().replaceAll('\0', '\u{FFFD}');
}

export function dueLetterOf(row: DueRow): DueLetter {
  return {
    deadLetterId: row.dead_letter_id,
    message: {
      subject: row.subject,
      contentType: row.content_type,
      payload: row.payload,
      streamSequence: Number(row.stream_sequence),
      streamTime: instant(row.stream_time),
      author: { actor: row.actor, requestId: row.request_id },
    },
    attempts: row.attempts,
  };
}

export function deadLetterOf(row: DeadLetterRow): DeadLetter {
  return {
    ...dueLetterOf(row),
    state: row.state,
    reason: row.reason,
    detail: row.detail,
    about: aboutOf(row),
    retryAt: instant(row.retry_at),
    createTime: instant(row.create_time),
    decision: decisionOf(row),
  };
}

function aboutOf(
  row: Pick<DeadLetterRow, 'program_id' | 'transaction_id' | 'refund_id'>,
): SubmissionName {
  return {
    programId: row.program_id,
    transactionId: row.transaction_id,
    refundId: row.refund_id,
  };
}

function decisionOf(row: DeadLetterRow): Decision | undefined {
  const { state } = row;
  if (state === 'WAITING' || state === 'DEAD' || row.decide_time === null) return undefined;
  return {
    state,
    author: { actor: row.decide_actor ?? '', requestId: row.decide_request_id ?? '' },
    why: row.decide_why ?? '',
    time: instant(row.decide_time),
  };
}
