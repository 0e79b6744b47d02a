import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { changedKeys, requireFewEnough, updatedAttributes } from './attributes.ts';

const key = fc.constantFrom<string>('tier', 'shop', 'toString', 'a.b');
const attributes = fc.dictionary(key, fc.constantFrom('gold', 'paris', ''));

test('a merge sets and removes what it names, and leaves the rest', () => {
  fc.assert(
    fc.property(attributes, attributes, fc.array(key), (present, set, removed) => {
      const after = updatedAttributes(present, { kind: 'MERGE', set, removed });
      const kept = Object.entries(present).filter(([name]) => !removed.includes(name));
      expect(after).toEqual({ ...Object.fromEntries(kept), ...set });
    }),
  );
});

test('a replacement leaves nothing else', () => {
  fc.assert(
    fc.property(attributes, attributes, (present, replacement) => {
      const update = { kind: 'REPLACE', attributes: replacement } as const;
      expect(updatedAttributes(present, update)).toEqual(replacement);
    }),
  );
});

test('what changes nothing gives the same attributes back, whatever the order of their names', () => {
  const present = { tier: 'gold', shop: 'paris' };
  const reversed = { shop: 'paris', tier: 'gold' };
  expect(updatedAttributes(present, { kind: 'REPLACE', attributes: reversed })).toBe(present);
  const merge = { kind: 'MERGE', set: { tier: 'gold' }, removed: ['newsletter'] } as const;
  expect(updatedAttributes(present, merge)).toBe(present);
});

test('names what a merge would change, also where objects have something of that name', () => {
  expect(changedKeys({ tier: 'gold' }, { tier: 'gold', shop: 'paris', toString: 'x' })).toEqual([
    'shop',
    'toString',
  ]);
  expect(changedKeys({ tier: 'gold' }, { tier: 'silver' })).toEqual(['tier']);
});

test('fifty attributes are enough', () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, '']));
  expect(() => requireFewEnough(many(50), 'attributes')).not.toThrow();
  expect(() => requireFewEnough(many(51), 'attributes')).toThrow(
    'attributes: a member can have 50 attributes, and this would make 51',
  );
});
