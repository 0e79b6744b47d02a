import {
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
import type { Definitions } from '../app/app.ts';
import type { DefinitionCodec } from '../app/definition-codec.ts';

/** Definitions as protobuf JSON. */
export const definitionsAsJson: Definitions = {
  ruleSet: codecOf(RuleSetSchema),
  reward: codecOf(RewardSchema),
};

function codecOf<Desc extends DescMessage>(schema: Desc): DefinitionCodec<MessageShape<Desc>> {
  return {
    toJson: (definition) => toJson(schema, definition) as JsonObject,
    // Unknown fields are refused: to ignore a rule or a limit would change what members get.
    fromJson: (json) => fromJson(schema, json as JsonValue),
  };
}
