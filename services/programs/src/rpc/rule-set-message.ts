import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { requireStorable } from '@loyalty/platform/rpc/storable.ts';
import { timestampField } from '@loyalty/platform/rpc/timestamps.ts';
import {
  RuleSet_State,
  type RuleSet as RuleSetMessage,
  RuleSetSchema,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { ruleSetWithDefaults } from '@loyalty/rules/rule-set-defaults.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import type { AssumedRuleSet } from '../app/assumed-rule-set.ts';
import { type RuleSetState, type RuleSetView, ruleSetEtag } from '../domain/rule-set.ts';

/** The fields of a rule set that its author writes, by their proto names. */
export const definitionFields = {
  description: 'description',
  rounding: 'rounding',
  earn_rules: 'earnRules',
  maturation: 'maturation',
  expiry: 'expiry',
  refund: 'refund',
  maximum_points: 'maximumPoints',
  cap: 'cap',
} as const satisfies Readonly<Record<string, keyof RuleSetMessage>>;

/** A rule set as the contract shows it. */
export function renderRuleSet(view: RuleSetView): RuleSetMessage {
  const { ruleSet, state } = view;
  return {
    ...ruleSet.definition,
    programId: ruleSet.programId,
    version: ruleSet.version,
    state: RuleSet_State[state],
    timeZone: ruleSet.timeZone ?? '',
    etag: ruleSetEtag(view),
    createTime: timestampFromMs(ruleSet.createTime),
    updateTime: timestampFromMs(ruleSet.updateTime),
    ...timestampField('effectiveTime', ruleSet.effectiveTime),
    ...timestampField('publishTime', ruleSet.publishTime),
  };
}

/**
 * What the author wrote, with the default for each policy and mode that is absent.
 *
 * @throws {ValidationFailed} also for what only the server decides
 */
export function parseDefinition(message: RuleSetMessage): RuleSetMessage {
  requireStorable(RuleSetSchema, message, 'rule_set');
  if (message.effectiveTime !== undefined && message.state <= RuleSet_State.DRAFT) {
    throw new ValidationFailed([
      { field: 'rule_set.effective_time', message: 'is given when the rule set is published' },
    ]);
  }
  return ruleSetWithDefaults(message);
}

/** What a message says of that which only the server decides. */
export function parseAssumed({ version, state, timeZone }: RuleSetMessage): AssumedRuleSet {
  return {
    version: version === 0 ? undefined : version,
    state: ruleSetStates.find((name) => RuleSet_State[name] === state),
    timeZone: timeZone === '' ? undefined : timeZone,
  };
}

const ruleSetStates: readonly RuleSetState[] = [
  'DRAFT',
  'SCHEDULED',
  'ACTIVE',
  'SUPERSEDED',
  'WITHDRAWN',
];
