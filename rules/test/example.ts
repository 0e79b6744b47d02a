import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { compileRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { type Award, type EvaluationInput, evaluate } from '@loyalty/rules/evaluate.ts';
import type { MemberFacts, Purchase, RuleSet } from '@loyalty/rules/language.ts';

/** JSON as people write it in the API; a rule set's only compulsory field is earnRules. */
export function ruleSet(json: JsonValue): RuleSet {
  return fromJson(RuleSetSchema, json);
}

/** A transaction of 250.00 USD on a Saturday noon in New York, changed by what is given. */
export function aPurchase(json: Readonly<Record<string, JsonValue>> = {}): Purchase {
  return fromJson(TransactionSchema, {
    transactionId: 'order-1',
    occurTime: '2026-03-21T16:00:00Z',
    amount: { currencyCode: 'USD', minorUnits: '25000' },
    ...json,
  });
}

export const MEMBER: MemberFacts = {
  userId: 'alice',
  attributes: {},
  joinTime: Date.parse('2025-01-01T00:00:00Z'),
  lifetimeEarned: 0n,
};

/** Evaluates for a member who has used no cap, unless told otherwise. */
export function evaluateFor(
  rules: RuleSet,
  purchase: Purchase,
  rest: Partial<EvaluationInput> = {},
): Award {
  return evaluate(compileRuleSet(rules), {
    purchase,
    member: MEMBER,
    now: Date.parse('2026-03-21T16:00:01Z'),
    capUsed: () => 0n,
    ...rest,
  });
}
