import type { JsonObject } from '@bufbuild/protobuf';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import { Document } from 'yaml';
import { authoredJson } from './authored-json.ts';
import type { ProgramDefinition } from './definition.ts';

/**
 * Programs as a YAML file. The same programs always give the same text, with each value on a line of its own, so that
 * version control shows a change as a small one.
 */
export function writeYaml(definitions: readonly ProgramDefinition[]): string {
  return definitions.map((definition) => documentText(documentJson(definition))).join('---\n');
}

function documentText(json: JsonObject): string {
  const options = {
    version: '1.2',
    schema: 'core',
    aliasDuplicateObjects: false,
    // Puts into quotes what readers of YAML 1.1 take for times or booleans.
    compat: 'yaml-1.1',
  } as const;
  return new Document(json, options).toString({ lineWidth: 0 });
}

/** A definition in the form of a document. */
export function documentJson({ program, ruleSet, rewards }: ProgramDefinition): JsonObject {
  return {
    program: authoredJson(ProgramSchema, program),
    ...(ruleSet && { ruleSet: authoredJson(RuleSetSchema, ruleSet) }),
    ...(rewards && {
      rewards: [...rewards.values()].map((reward) => authoredJson(RewardSchema, reward)),
    }),
  };
}
