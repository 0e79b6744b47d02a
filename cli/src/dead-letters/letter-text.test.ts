import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import {
  DeadLetter_State,
  DeadLetterSchema,
} from '@loyalty/proto/loyalty/ledger/v1/dead_letter_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { letterLine, lettersHead, letterText } from './letter-text.ts';

const noon = timestampFromDate(new Date('2026-05-01T12:00:00Z'));
const fields = {
  deadLetterId: '42',
  state: DeadLetter_State.DEAD,
  subject: 'loyalty.earn.v1.wine-dine',
  programId: 'wine-dine',
  transactionId: 'order-1',
  reason: ErrorReason.MEMBERSHIP_NOT_FOUND,
  detail: 'let them join',
  attempts: 1,
  createTime: noon,
};
const letter = create(DeadLetterSchema, fields);

test('a line has each value below its name', () => {
  expect([lettersHead, letterLine(letter)]).toEqual([
    'ID          STATE      REASON                      PROGRAM               ARRIVED                   TRANSACTION',
    '42          DEAD       MEMBERSHIP_NOT_FOUND        wine-dine             2026-05-01T12:00:00Z      order-1',
  ]);
});

test('a text says who decided, when and why', () => {
  const decision = { actor: 'admin:ann', requestId: 'call-1', why: 'a test', decideTime: noon };
  const text = letterText(
    create(DeadLetterSchema, { ...fields, state: DeadLetter_State.DISCARDED, decision }),
  );
  expect(text).toContain('\nstate         DISCARDED\n');
  expect(text).toContain(
    '\ndecided       2026-05-01T12:00:00Z by admin:ann\nwhy           a test\nrequest id    call-1\n',
  );
  expect(text).not.toContain('next attempt');
});

test('nothing that a producer wrote can act on the terminal', () => {
  const evil = '\u{1b}[2J\u{202e}';
  const odd = create(DeadLetterSchema, {
    ...fields,
    ...{ subject: evil, contentType: evil, transactionId: evil, detail: evil },
    payload: Buffer.from(evil),
  });
  expect(`${letterLine(odd)}${letterText(odd).replaceAll('\n', '')}`).not.toMatch(
    /[\p{Cc}\p{Cf}]/u,
  );
});
