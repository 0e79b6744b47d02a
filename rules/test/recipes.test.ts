import { readFileSync } from 'node:fs';
import type { JsonObject } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, test } from '@jest/globals';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { evaluate } from '@loyalty/rules/evaluate.ts';
import type { LineKind } from '@loyalty/rules/explanation.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import { availableTime, type ExpireTime, expireTime } from '@loyalty/rules/point-dates.ts';
import { validatePurchase } from '@loyalty/rules/validate-purchase.ts';
import { validateRuleSet } from '@loyalty/rules/validate-rule-set.ts';
import { aPurchase, MEMBER, ruleSet } from './example.ts';

interface Recipe {
  /** The program's; a rule set gets its copy when it is published. */
  readonly timeZone?: string;
  readonly ruleSet: JsonObject;
  readonly purchases: readonly Purchase[];
}

interface Purchase {
  readonly transaction: JsonObject & { readonly occurTime: string };
  readonly member?: {
    readonly attributes?: Record<string, string>;
    readonly joinTime?: string;
    readonly lifetimeEarned?: number;
  };
  /** What caps have counted before, by rule id; the rule set's own under the empty one. */
  readonly used?: Record<string, number>;
  readonly points: number;
  readonly explanation?: readonly string[];
  readonly availableTime?: string;
  readonly expireTime?: string;
}

const COOKBOOK = readFileSync(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const RECIPES = Array.from(
  COOKBOOK.matchAll(/^### (.+)\n(?:(?!^#).*\n)*?```json\n([\s\S]*?)^```/gm),
  ([, title = '', json = '']) => ({ title, recipe: JSON.parse(json) as Recipe }),
);

function titleOf(kind: LineKind, ruleId: string): string {
  return [kind === 'RULE' ? '' : kind, ruleId].filter((part) => part !== '').join(' ');
}

const validator = createValidator();

test('every block of JSON in the cookbook is a recipe', () => {
  expect(RECIPES).toHaveLength(COOKBOOK.split('```json').length - 1);
  expect(RECIPES.length).toBeGreaterThan(15);
});

describe.each(RECIPES)('$title', ({ recipe }) => {
  const rules = ruleSet({ ...recipe.ruleSet, timeZone: recipe.timeZone ?? 'UTC' });

  test('can be published', () => {
    expect(validator.validate(RuleSetSchema, rules).violations).toBeUndefined();
    expect(validateRuleSet(rules)).toEqual([]);
  });

  test.each(recipe.purchases)('gives $points for $transaction.transactionId', (purchase) => {
    const bought = aPurchase(purchase.transaction);
    expect(validator.validate(TransactionSchema, bought).violations).toBeUndefined();
    expect(validatePurchase(bought)).toEqual([]);

    const compiled = compileRuleSet(rules);
    const { attributes, joinTime, lifetimeEarned } = purchase.member ?? {};
    const award = evaluate(compiled, {
      purchase: bought,
      member: {
        userId: 'alice',
        attributes: attributes ?? {},
        joinTime: joinTime === undefined ? MEMBER.joinTime : Date.parse(joinTime),
        lifetimeEarned: BigInt(lifetimeEarned ?? 0),
      },
      now: Date.parse('2026-06-01T00:00:00Z'),
      capUsed: (ruleId) => BigInt(purchase.used?.[ruleId] ?? 0),
    });
    const explanation = award.explanation.map(
      ({ kind, ruleId, points, note }) => `${titleOf(kind, ruleId)}: ${points} (${note})`,
    );
    expect(award.points).toBe(BigInt(purchase.points));
    expect(explanation).toEqual(purchase.explanation ?? explanation);

    const occurTime = Date.parse(purchase.transaction.occurTime);
    const available = availableTime(compiled, occurTime);
    const expires = expireTime(compiled, { availableTime: available, occurTime });
    const shown = (time: ExpireTime) =>
      Number.isFinite(time) ? new Date(time).toISOString() : time;
    expect(shown(available)).toBe(purchase.availableTime ?? beginningOfTime);
    expect(shown(expires)).toBe(purchase.expireTime ?? endOfTime);
  });
});
