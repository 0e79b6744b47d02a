import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type EarnRule,
  type EarnRuleSchema,
  type ExpiryPolicy,
  ExpiryPolicy_After_RoundUpTo,
  type ExpiryPolicySchema,
  RateAward_Mode,
  RefundPolicy_Shortfall,
  type RuleSet,
  RuleSet_Rounding,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';

/** What the author of a rule set wrote, with the default for each policy and mode that is absent. It has no effective time. */
export function ruleSetWithDefaults(ruleSet: RuleSet): RuleSet {
  const { description, rounding, earnRules, maturation, expiry, refund, maximumPoints, cap } =
    ruleSet;
  return create(RuleSetSchema, {
    description,
    rounding: rounding || RuleSet_Rounding.FLOOR,
    earnRules: earnRules.map(withMode),
    maturation: maturation ?? { policy: { case: 'immediate', value: {} } },
    expiry: withRoundUpTo(expiry),
    refund: {
      shortfall: refund?.shortfall || RefundPolicy_Shortfall.DEFICIT,
      restoreGraceDays: refund?.restoreGraceDays ?? 0,
    },
    ...(maximumPoints !== undefined && { maximumPoints }),
    ...(cap !== undefined && { cap }),
  });
}

function withMode(rule: EarnRule): MessageInitShape<typeof EarnRuleSchema> {
  const { award } = rule;
  if (award.case !== 'rate') return rule;
  const mode = award.value.mode || RateAward_Mode.STEP;
  return { ...rule, award: { case: 'rate', value: { ...award.value, mode } } };
}

function withRoundUpTo(
  expiry: ExpiryPolicy | undefined,
): MessageInitShape<typeof ExpiryPolicySchema> {
  if (expiry === undefined) return { policy: { case: 'never', value: {} } };
  const { policy } = expiry;
  if (policy.case !== 'after') return expiry;
  const roundUpTo = policy.value.roundUpTo || ExpiryPolicy_After_RoundUpTo.DAY;
  return { policy: { case: 'after', value: { ...policy.value, roundUpTo } } };
}
