import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';

/** Fields of a message that a response never fills: all of a field, or fields of the message in it. */
export type UnloadedFields = ReadonlyMap<DescField, UnloadedFields | 'ALL'>;

export const allLoaded: UnloadedFields = new Map();

type Fields = Readonly<Record<string, unknown>>;

/**
 * A message as the JSON of this API: 64-bit integers are numbers, scalars and lists are there even when they are
 * empty, and what can be unset and is, isn't there. Neither are fields that the method doesn't load.
 *
 * @throws {RangeError} for an integer that a JSON number can't hold; rounding it would be a lie about points
 */
export function writeMessage(
  desc: DescMessage,
  message: Message,
  unloaded: UnloadedFields = allLoaded,
): JsonValue {
  if (desc.typeName.startsWith('google.protobuf.')) return toJson(desc, message);
  const output: JsonObject = {};
  for (const field of desc.fields) {
    const without = unloaded.get(field);
    if (without === 'ALL') continue;
    const value = fieldValue(field, message);
    if (value !== undefined) output[field.jsonName] = writeField(field, value, without);
  }
  return output;
}

/** The value of a field in a generated message; undefined if it is unset. */
export function fieldValue(field: DescField, message: Fields): unknown {
  if (field.oneof === undefined) return message[field.localName];
  const chosen = message[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

function writeField(field: DescField, value: unknown, unloaded?: UnloadedFields): JsonValue {
  if (field.fieldKind === 'list') {
    return (value as readonly unknown[]).map((item) => writeSingular(field, item, unloaded));
  }
  if (field.fieldKind === 'map') {
    const entries = Object.entries(value as Fields);
    return Object.fromEntries(entries.map(([key, item]) => [key, writeSingular(field, item)]));
  }
  return writeSingular(field, value, unloaded);
}

function writeSingular(field: DescField, value: unknown, unloaded?: UnloadedFields): JsonValue {
  if (field.message !== undefined) return writeMessage(field.message, value as Message, unloaded);
  if (field.enum !== undefined) {
    // A newer service may know values that this gateway doesn't.
    return field.enum.value[value as number]?.name ?? (value as number);
  }
  if (field.scalar === ScalarType.BYTES) return Buffer.from(value as Uint8Array).toString('base64');
  return typeof value === 'bigint' ? safeNumber(value, field) : (value as JsonValue);
}

function safeNumber(value: bigint, field: DescField): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`${field.parent.typeName}.${field.name} is beyond what JSON can hold`);
  }
  return number;
}
