import { expect, test } from '@jest/globals';
import { membershipEtag, requireAttributesAsRead } from './etag.ts';
import { newMembership } from './membership.ts';

const membership = {
  ...newMembership({ membershipId: 1n, programId: 'wine-dine', userId: 'alice', joinTime: 0 }),
  attributesRevision: 3n,
  lastSequence: 17n,
};

test('has the revision of the attributes and the number of the newest entry', () => {
  expect(membershipEtag(membership, undefined)).toBe('3.17');
});

test('has the instant, too, while time has changed the balance and no entry says so', () => {
  expect(membershipEtag(membership, 1_700)).toBe('3.17-1700');
});

test.each([[[]], [[['3.17']]], [[['3.16-1700']]], [[['2.9', '3.1']]], [[['*'], ['3.17']]]])(
  'passes the conditions %j',
  (conditions) => {
    expect(() => requireAttributesAsRead(membership, conditions)).not.toThrow();
  },
);

test.each([[[['2.17']]], [[['3']]], [[['33.17']]], [[['']]], [[['3.17'], ['2.17']]]])(
  'fails the conditions %j',
  (conditions) => {
    expect(() => requireAttributesAsRead(membership, conditions)).toThrow(/have changed/);
  },
);
