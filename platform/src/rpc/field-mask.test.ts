import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { MembershipSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import { keysToUpdate, pathsToUpdate } from './field-mask.ts';

const membership = create(MembershipSchema, {
  userId: 'alice',
  attributes: { tier: 'gold', 'favorite.color': 'red' },
});

function paths(mask: string[] | undefined, message = membership): string[] {
  const updated = pathsToUpdate({
    schema: MembershipSchema,
    message,
    field: 'membership',
    mask: mask && { $typeName: 'google.protobuf.FieldMask', paths: mask },
    updatable: ['attributes'],
    ignored: ['program_id', 'user_id', 'etag'],
  });
  return [...updated];
}

test('a mask says what to change, key by key where the contract allows it', () => {
  expect(paths(['attributes.tier', 'user_id'])).toEqual(['attributes.tier']);
  expect(paths(['attributes'])).toEqual(['attributes']);
  expect(paths(['*'])).toEqual(['attributes']);
});

test.each([[undefined], [[]]])('without a mask, as with %j, it is what has a value', (mask) => {
  expect(paths(mask)).toEqual(['attributes.tier', 'attributes.favorite.color']);
  expect(paths(mask, create(MembershipSchema, { userId: 'alice' }))).toEqual([]);
});

test('a key is all that follows the first dot', () => {
  const named = new Set(['attributes', 'attributes.favorite.color', 'etag']);
  expect(keysToUpdate(named, 'attributes')).toEqual(['favorite.color']);
});

const onlyAttributes = "can't be changed here; only attributes can";
const cantName = (path: string) => `can't name ${path}; it can name attributes, attributes.KEY`;

test.each([
  ['state', 'membership.state', onlyAttributes, []],
  ['balance', 'membership.balance', onlyAttributes, []],
  ['balance.next_expiry', 'update_mask', cantName('balance.next_expiry'), ['next_expiry']],
  ['home_shop', 'update_mask', cantName('home_shop'), []],
  ['attributes.', 'update_mask', cantName('attributes.'), []],
  ['state.KEY', 'update_mask', cantName('state.KEY'), ['state']],
])('%s is refused by name', (path, field, message, names) => {
  const violation = {
    field,
    message,
    names: expect.arrayContaining(['attributes', ...names]),
  };
  expect(() => paths(['attributes.tier', path])).toThrow(
    expect.objectContaining({ reason: 'VALIDATION_FAILED', violations: [violation] }),
  );
});

test('what has a value and can’t be changed is refused by name without a mask, too', () => {
  const message = create(MembershipSchema, { ...membership, state: 2 });
  expect(() => paths(undefined, message)).toThrow(/membership\.state: can't be changed here/);
});
