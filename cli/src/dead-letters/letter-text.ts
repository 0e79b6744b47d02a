import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type DeadLetter,
  type DeadLetter_Decision,
  DeadLetter_StateSchema,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { isoTime } from '../iso-time.ts';
import { printable } from '../printable.ts';
import { payloadText } from './payload-text.ts';

const widths = [10, 9, 26, 20, 24];

/** The line above those of {@link letterLine}. */
export const lettersHead = lineOf(['ID', 'STATE', 'REASON', 'PROGRAM', 'ARRIVED', 'TRANSACTION']);

/** A dead letter in one line. */
export function letterLine(letter: DeadLetter): string {
  const { deadLetterId, programId, transactionId } = letter;
  return lineOf([
    ...[deadLetterId, stateName(letter), reasonName(letter), programId || '-'],
    ...[timeText(letter.createTime), transactionId || '-'],
  ]);
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, index) => printable(cell).padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();
}

/** A dead letter with all that is known of it, and its payload. */
export function letterText(letter: DeadLetter): string {
  const { decision, retryTime } = letter;
  const payload = payloadText(letter);
  return [
    fact('dead letter', letter.deadLetterId),
    fact('state', stateName(letter)),
    fact('reason', `${reasonName(letter)}: ${letter.detail}`),
    fact('program', letter.programId),
    fact('transaction', letter.transactionId),
    fact('subject', letter.subject),
    fact('content type', letter.contentType),
    fact('arrived', timeText(letter.createTime)),
    fact('attempts', String(letter.attempts)),
    ...(retryTime === undefined ? [] : [fact('next attempt', timeText(retryTime))]),
    ...(decision === undefined ? [] : decisionFacts(decision)),
    fact('payload', payload.title),
    ...payload.lines.map((line) => `  ${line}`),
  ].join('\n');
}

function decisionFacts({ decideTime, actor, why, requestId }: DeadLetter_Decision): string[] {
  return [
    fact('decided', `${timeText(decideTime)} by ${actor}`),
    fact('why', why),
    fact('request id', requestId),
  ];
}

function fact(name: string, value: string): string {
  return `${name.padEnd(13)} ${printable(value || '-')}`;
}

export function stateName({ state }: DeadLetter): string {
  return DeadLetter_StateSchema.value[state]?.name ?? String(state);
}

export function reasonName({ reason }: DeadLetter): string {
  return ErrorReasonSchema.value[reason]?.name ?? String(reason);
}

function timeText(time: Timestamp | undefined): string {
  return time === undefined ? '-' : isoTime(timestampMs(time));
}
