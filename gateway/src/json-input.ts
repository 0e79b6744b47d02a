import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '@loyalty/platform/errors.ts';
import { type JsonInput, type JsonInputObject, quoted } from './json-text.ts';

/** Where a value stands in the request, and where to say what is wrong with it. */
export interface Place {
  /** JSON names, such as `transaction.items[2].quantity`; empty at the top. */
  readonly path: string;
  readonly violations: FieldViolation[];
}

/**
 * Protobuf's JSON parser is more generous than is good for an API that moves points: it reads "0x10", 1e3 and
 * 2026-02-30, and rounds what a double can't hold. This reads a value for a message first, reports everything that
 * isn't plainly right, and returns JSON about which the parser has nothing left to guess. Null means absent.
 */
export function readMessage(desc: DescMessage, input: JsonInput, place: Place): JsonValue {
  if (desc.typeName === TimestampSchema.typeName) return readTimestamp(input, place);
  if (desc.typeName.startsWith('google.protobuf.')) return readWellKnown(input, place);
  if (!isObject(input)) return refuse(place, 'must be an object');
  const output: JsonObject = {};
  for (const [key, value] of Object.entries(input)) {
    const field = fieldByKey(desc, key);
    if (field === undefined) {
      refuse(at(place, quotedIfOdd(key)), `${quoted(key)} is not a field here`);
    } else if (Object.hasOwn(output, field.jsonName)) {
      refuse(at(place, field.jsonName), 'is given twice');
    } else if (value !== null) {
      output[field.jsonName] = readField(field, value, at(place, field.jsonName));
    }
  }
  refuseSeveralOfOneof(desc, output, place);
  return output;
}

const fieldsOfMessages = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field with a JSON name, or, as in all protobuf JSON, with the name that the proto has. */
export function fieldByKey(desc: DescMessage, key: string): DescField | undefined {
  let fields = fieldsOfMessages.get(desc);
  if (fields === undefined) {
    fields = new Map(
      desc.fields.flatMap((field) => [
        [field.name, field],
        [field.jsonName, field],
      ]),
    );
    fieldsOfMessages.set(desc, fields);
  }
  return fields.get(key);
}

function refuseSeveralOfOneof(desc: DescMessage, output: JsonObject, place: Place): void {
  for (const oneof of desc.oneofs) {
    const names = oneof.fields.map((field) => field.jsonName);
    const given = names.filter((name) => Object.hasOwn(output, name));
    if (given.length > 1) refuse(place, `only one of ${names.join(', ')} can be given`);
  }
}

function readField(field: DescField, input: JsonInput, place: Place): JsonValue {
  switch (field.fieldKind) {
    case 'message':
      return readMessage(field.message, input, place);
    case 'scalar':
      return readScalar(field.scalar, input, place);
    case 'enum':
      return readEnum(field.enum, input, place);
    case 'list':
      return readList(field, input, place);
    case 'map':
      return readMap(field, input, place);
  }
}

type ListField = DescField & { fieldKind: 'list' };
type MapField = DescField & { fieldKind: 'map' };

function readList(field: ListField, input: JsonInput, place: Place): JsonValue {
  if (!Array.isArray(input)) return refuse(place, 'must be a list');
  return input.map((item, index) =>
    readItem(field, item, { ...place, path: `${place.path}[${index}]` }),
  );
}

function readMap(field: MapField, input: JsonInput, place: Place): JsonValue {
  if (!isObject(input)) return refuse(place, 'must be an object');
  const entries = Object.entries(input).map(([key, item]): [string, JsonValue] => {
    const here = { ...place, path: `${place.path}[${quoted(key)}]` };
    // As a key of a plain object it would be lost on the way, and an attribute with it.
    if (key === '__proto__') return [key, refuse(here, 'can not be a key')];
    return [key, readItem(field, item, here)];
  });
  return Object.fromEntries(entries);
}

function readItem(field: ListField | MapField, input: JsonInput, place: Place): JsonValue {
  if (input === null) return refuse(place, 'must not be null');
  const kind = field.fieldKind === 'list' ? field.listKind : field.mapKind;
  if (kind === 'message' && field.message !== undefined) {
    return readMessage(field.message, input, place);
  }
  if (kind === 'enum' && field.enum !== undefined) return readEnum(field.enum, input, place);
  return readScalar(field.scalar ?? ScalarType.STRING, input, place);
}

const bitsOfInteger: ReadonlyMap<ScalarType, { bits: number; signed: boolean }> = new Map([
  [ScalarType.INT32, { bits: 32, signed: true }],
  [ScalarType.SINT32, { bits: 32, signed: true }],
  [ScalarType.SFIXED32, { bits: 32, signed: true }],
  [ScalarType.UINT32, { bits: 32, signed: false }],
  [ScalarType.FIXED32, { bits: 32, signed: false }],
  [ScalarType.INT64, { bits: 64, signed: true }],
  [ScalarType.SINT64, { bits: 64, signed: true }],
  [ScalarType.SFIXED64, { bits: 64, signed: true }],
  [ScalarType.UINT64, { bits: 64, signed: false }],
  [ScalarType.FIXED64, { bits: 64, signed: false }],
]);

function readScalar(type: ScalarType, input: JsonInput, place: Place): JsonValue {
  const integer = bitsOfInteger.get(type);
  if (integer !== undefined) return readInteger(integer, input, place);
  if (type === ScalarType.BOOL) {
    return typeof input === 'boolean' ? input : refuse(place, 'must be true or false');
  }
  if (type === ScalarType.FLOAT || type === ScalarType.DOUBLE) {
    const isNumber = typeof input === 'number' || typeof input === 'bigint';
    return isNumber ? Number(input) : refuse(place, 'must be a number');
  }
  return typeof input === 'string' ? input : refuse(place, 'must be a string');
}

const decimal = /^-?(?:0|[1-9]\d{0,19})$/;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function readInteger(
  { bits, signed }: { bits: number; signed: boolean },
  input: JsonInput,
  place: Place,
): JsonValue {
  const isDecimal = typeof input === 'string' && decimal.test(input);
  if (typeof input !== 'bigint' && !isDecimal) {
    return refuse(place, 'must be a whole number, written in decimal digits only');
  }
  const value = BigInt(input);
  if (typeof input === 'bigint' && (value > safeMax || value < -safeMax)) {
    return refuse(place, `must be within ±${safeMax} to be a JSON number`);
  }
  const wrapped = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  return wrapped === value ? String(value) : refuse(place, `must fit into ${bits} bits`);
}

function readEnum(desc: DescEnum, input: JsonInput, place: Place): JsonValue {
  const names = desc.values.map((value) => value.name);
  return typeof input === 'string' && names.includes(input)
    ? input
    : refuse(place, `must be one of ${names.slice(1).join(', ')}`);
}

const timestamp =
  /^(?<date>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

function readTimestamp(input: JsonInput, place: Place): JsonValue {
  const date = typeof input === 'string' ? timestamp.exec(input)?.groups?.['date'] : undefined;
  if (typeof input !== 'string' || date === undefined || !existsInCalendar(date)) {
    return refuse(place, 'must be a time that exists, such as 2026-03-01T18:30:00Z');
  }
  return input;
}

/** Date.parse makes March 2nd of February 30th, where it doesn't refuse it. */
function existsInCalendar(date: string): boolean {
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(date);
}

/** Other well-known types are written as strings, or, as wrappers, as what they wrap; their own parser checks them. */
function readWellKnown(input: JsonInput, place: Place): JsonValue {
  if (typeof input === 'bigint') return String(input);
  return typeof input === 'string' || typeof input === 'boolean'
    ? input
    : refuse(place, 'must be a string');
}

export function isObject(input: JsonInput | undefined): input is JsonInputObject {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

/** The place of a member of what stands at `place`. */
export function at(place: Place, name: string): Place {
  return { ...place, path: place.path === '' ? name : `${place.path}.${name}` };
}

function quotedIfOdd(key: string): string {
  return /^\w{1,64}$/.test(key) ? key : quoted(key);
}

const violationsMax = 20;

function refuse({ path, violations }: Place, message: string): null {
  // A body can have a hundred thousand mistakes, and the first ones say it all.
  if (violations.length < violationsMax) violations.push({ field: path, message });
  return null;
}
