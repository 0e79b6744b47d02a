import { create } from '@bufbuild/protobuf';
import { describe, test } from '@jest/globals';
import { expectLinearTime, numbered, repeated } from '@loyalty/local/linear-time.ts';
import { EarnRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { MembershipSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { UpdateMembershipRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { bearerToken } from '../auth/bearer-token.ts';
import { ReasonedError } from '../errors.ts';
import { pageRequest, textPosition } from '../paging.ts';
import { etagConditions } from './etag-conditions.ts';
import { pathsToUpdate } from './field-mask.ts';
import { requestIdOf } from './request-id.ts';
import { validatorOf } from './validation.ts';

function unlessRefused(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ReasonedError)) throw error;
  }
}

/** What Node takes of all headers together. */
const headersSizeMax = 16 * 1024;

describe('the time to read a header grows with its length and no faster, for', () => {
  test.each([
    ['a token of spaces', repeated('Bearer', ' ', '')],
    ['a token between spaces', repeated('Bearer ', ' ', 'x y')],
    ['a token of dots', repeated('Bearer ', '.', '')],
    ['etags', repeated('"a"', ', W/"a"', '')],
    ['quotes', repeated('', '"', '')],
    ['commas and spaces', repeated('', ' ,', '')],
    ['letters', repeated('', 'a', '')],
    ['letters and a space', repeated('', 'a', ' ')],
  ])('%s', (_what, textOf) => {
    const read = (text: string) => {
      bearerToken([text]);
      etagConditions(text);
      requestIdOf(text);
    };
    expectLinearTime({ textOf, read, sizeMax: headersSizeMax });
  });
});

describe('the time to read a page token grows with its length and no faster, for', () => {
  const base64 = (textOf: (size: number) => string) => (size: number) =>
    Buffer.from(textOf(size)).toString('base64url');

  test.each([
    ['brackets', base64(repeated('', '[', ''))],
    ['texts', base64(repeated('["a"', ',"a"', ']'))],
    ['digits', base64(repeated('["a","', '1', '"]'))],
    ['what is not base64', repeated('', '%', '')],
  ])('%s', (_what, textOf) => {
    const list = { filter: {}, position: textPosition };
    const read = (pageToken: string) =>
      unlessRefused(() => pageRequest({ pageSize: 0, pageToken }, list));
    expectLinearTime({ textOf, read, sizeMax: headersSizeMax });
  });
});

/** What a service takes of a message. */
const messageSizeMax = 1024 * 1024;

test.each([
  ['unknown names', numbered('', (index) => `x${index}`, '')],
  ['keys', numbered('', (index) => `attributes.k${index}`, '')],
  ['dots', repeated('', '.', '')],
])('a mask of %s is read in time that grows with its length and no faster', (_what, textOf) => {
  const read = (text: string) =>
    unlessRefused(() =>
      pathsToUpdate({
        schema: MembershipSchema,
        message: create(MembershipSchema),
        field: 'membership',
        mask: create(UpdateMembershipRequestSchema, { updateMask: { paths: text.split(',') } })
          .updateMask,
        updatable: ['attributes'],
        ignored: [],
      }),
    );
  expectLinearTime({ textOf, read, sizeMax: messageSizeMax });
});

describe('the time to check a message grows with its length and no faster, for', () => {
  const validate = validatorOf(EarnRequestSchema);
  const transactionOf = (text: string) => ({
    transactionId: text,
    channel: text,
    items: text.split(',').map((sku) => ({ sku })),
    attributes: Object.fromEntries(text.split(',').map((key) => [key, key])),
  });

  test.each([
    ['long ids', repeated('', 'a', '')],
    ['ids of spaces', repeated('', ' ', '')],
    ['ids of control characters', repeated('', '\u0001', '')],
    ['ids of emoji', repeated('', '\u{1F600}', '')],
    ['many items', numbered('', (index) => `k${index}`, '')],
  ])('%s', (_what, textOf) => {
    const read = (text: string) => {
      const message = { programId: text, userId: text, transaction: transactionOf(text) };
      unlessRefused(() => validate(create(EarnRequestSchema, message)));
    };
    expectLinearTime({ textOf, read, sizeMax: messageSizeMax });
  });
});
