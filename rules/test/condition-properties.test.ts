import { expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import { checkCondition } from '@loyalty/rules/condition/check-condition.ts';
import { compileCondition, conditionBindings } from '@loyalty/rules/condition/condition.ts';
import { EARN_RULE_VOCABULARY } from '@loyalty/rules/condition/vocabulary.ts';
import { aPurchase, MEMBER } from './example.ts';

/** Expressions of any shape, right and wrong ones. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      'true',
      'false',
      '1',
      '2u',
      '0.5',
      '"a"',
      'b"a"',
      'null',
      '[]',
      '{}',
      'now',
      'transaction',
      'transaction.amount',
      'transaction.amount.minor_units',
      'transaction.channel',
      'transaction.items',
      'transaction.items[0].categories',
      'transaction.attributes',
      'member.attributes.tier',
      'member.lifetime_earned',
      'member.join_time',
      'x',
      'x.quantity',
    ),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    fc
      .tuple(
        fc.constantFrom('!', '-', 'size', 'string', 'int', 'double', 'uint', 'bool'),
        tie('expression'),
      )
      .map(([name, operand]) => `${name}(${operand})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('all', 'exists', 'exists_one', 'filter', 'map'),
        tie('expression'),
      )
      .map(([range, loop, body]) => `${range}.${loop}(x, ${body})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
    fc.tuple(tie('expression'), tie('expression')).map(([list, key]) => `${list}[${key}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([left, right]) => `[${left}, ${right}]`),
    fc.tuple(tie('expression'), tie('expression')).map(([key, value]) => `{${key}: ${value}}`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom(
          'startsWith("a")',
          'size()',
          'getHours("UTC")',
          'matches("^a")',
          'getDate()',
        ),
      )
      .map(([receiver, call]) => `${receiver}.${call}`),
  ),
}));

/** What can go wrong with values, as opposed to types. */
const VALUE_FAULTS = [
  'divide by zero',
  'modulus by zero',
  'overflow',
  'not found',
  'unresolved attribute',
  'no such key',
  'out of bounds',
  'map key conflict',
  'convert',
  'parse',
];

const BINDINGS = [
  aPurchase(),
  aPurchase({
    channel: 'a',
    attributes: { a: 'b' },
    items: [
      {
        itemId: '1',
        sku: 'a',
        categories: ['a', 'wine'],
        quantity: 2,
        amount: { currencyCode: 'USD', minorUnits: '100' },
      },
    ],
  }),
].map((bought) => conditionBindings({ transaction: bought, member: MEMBER, now: 0 }));

test('a condition that is accepted never fails for its types', () => {
  let accepted = 0;
  fc.assert(
    fc.property(expression, (text) => {
      const { fault } = checkCondition(text, EARN_RULE_VOCABULARY);
      if (fault !== undefined) return;
      accepted += 1;
      for (const bindings of BINDINGS) {
        const refusal = compileCondition(text)?.refusal(bindings) ?? 'condition is false';
        const expected = ['condition is false', ...VALUE_FAULTS];
        expect([text, refusal, expected.some((part) => refusal.includes(part))]).toEqual([
          text,
          refusal,
          true,
        ]);
      }
    }),
    { numRuns: 4_000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

test('no text at all makes the check throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(() => checkCondition(text, EARN_RULE_VOCABULARY)).not.toThrow();
      expect(() => compileCondition(text)?.refusal(BINDINGS[0] ?? {})).not.toThrow();
    }),
  );
});
