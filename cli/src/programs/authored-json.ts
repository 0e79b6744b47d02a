import {
  type DescField,
  type DescMessage,
  isFieldSet,
  type JsonObject,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { ProgramSchema } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { RewardSchema } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { RuleSetSchema } from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';

/** Fields that only the platform sets, by their proto names, and why a file can't have them. */
const setByPlatform: ReadonlyMap<DescMessage, Readonly<Record<string, string>>> = (() => {
  const byServer = 'is set by the platform; leave it out';
  const ofProgram = "is the program's; leave it out";
  const times = { create_time: byServer, update_time: byServer, etag: byServer };
  return new Map<DescMessage, Readonly<Record<string, string>>>([
    [ProgramSchema, { ...times, active_rule_set_version: byServer }],
    [
      RuleSetSchema,
      {
        ...times,
        program_id: ofProgram,
        time_zone: ofProgram,
        version: byServer,
        state: byServer,
        publish_time: byServer,
      },
    ],
    [RewardSchema, { ...times, program_id: ofProgram }],
  ]);
})();

/** Why the author of a program, rule set or reward can't write a field; undefined where it is theirs. */
export function refusalOf(field: DescField): string | undefined {
  return setByPlatform.get(field.parent)?.[field.name];
}

/**
 * What an author wrote of a program, rule set or reward, as the gateway's JSON: numbers are numbers. What is empty or unset
 * isn't there.
 */
export function authoredJson(desc: DescMessage, message: Message): JsonObject {
  const fields = desc.fields.filter(
    (field) => isFieldSet(message, field) && refusalOf(field) === undefined,
  );
  return Object.fromEntries(fields.map((field) => [field.jsonName, fieldJson(field, message)]));
}

function fieldJson(field: DescField, message: Message): JsonValue {
  const values = message as unknown as Readonly<Record<string, unknown>>;
  const value =
    field.oneof === undefined
      ? values[field.localName]
      : (values[field.oneof.localName] as { value: unknown }).value;
  switch (field.fieldKind) {
    case 'list':
      return (value as readonly unknown[]).map((item) => itemOf(field, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Readonly<Record<string, unknown>>)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, item]) => [key, itemOf(field, item)]),
      );
    default:
      return itemOf(field, value);
  }
}

function itemOf({ message, enum: enumeration }: DescField, value: unknown): JsonValue {
  if (message !== undefined) {
    return message.typeName.startsWith('google.protobuf.')
      ? toJson(message, value as Message)
      : authoredJson(message, value as Message);
  }
  // A newer platform may know values that this command doesn't.
  if (enumeration !== undefined) return enumeration.value[value as number]?.name ?? Number(value);
  return typeof value === 'bigint' ? Number(value) : (value as JsonValue);
}
