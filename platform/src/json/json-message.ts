import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { DurationSchema, FieldMaskSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { wordsOfEnum } from '../enum-words.ts';
import { type FieldViolation, ValidationFailed } from '../errors.ts';
import {
  fieldByName,
  fieldPathOf,
  itemPath,
  keyPath,
  memberPath,
  strangeName,
} from './field-path.ts';
import {
  type JsonInput,
  type JsonInputObject,
  JsonNumber,
  JsonTextError,
  parseJsonText,
  unknownNamesMax,
} from './json-text.ts';
import { isMaskText, maskFieldOf, maskPathsOf } from './mask-text.ts';
import { shapeOfMessage } from './message-shape.ts';

/** Where a value is in the request, and where to say what is wrong with it. */
export interface Place {
  /** JSON names, such as `transaction.items[2].quantity`; empty at the top. */
  readonly path: string;
  readonly violations: FieldViolation[];
}

/**
 * Reads a message from its JSON: the gateway, the Connect port and the stream all do it this way. What is missing isn't
 * its concern: the validation rules of the message say that, for binary messages too.
 *
 * @throws {ValidationFailed} naming the fields at fault by their JSON names, the first 20 if there are more
 */
export function readJsonMessage<Desc extends DescMessage>(
  desc: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> {
  const violations: FieldViolation[] = [];
  const input = parseFor(desc, bytes, { path: '', violations });
  if (violations.length > 0) throw new ValidationFailed(violations);
  return messageOf(desc, input, violations);
}

/** Parses the text of a message or a part of one. If it is invalid, adds the violations and returns null. */
export function parseFor(
  desc: DescMessage,
  bytes: Uint8Array,
  { path, violations }: Place,
): JsonInput {
  try {
    return parseJsonText(bytes, shapeOfMessage(desc));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    violations.push({ field: fieldPathOf(desc, error.path, path), message: error.message });
    return null;
  }
}

/**
 * The message that a parsed text says.
 *
 * Protobuf's own JSON parser is more generous than is good for an API that moves points: it reads "0x10", 1e3 and
 * 2026-02-30, and rounds what a double can't hold. So each value is checked first, everything that isn't plainly right
 * is reported, and the parser gets JSON about which it has nothing left to guess.
 *
 * @param violations what was found before; it is added to
 * @throws {ValidationFailed} naming the fields at fault by their JSON names, the first 20 if there are more
 */
export function messageOf<Desc extends DescMessage>(
  desc: Desc,
  input: JsonInput,
  violations: FieldViolation[] = [],
): MessageShape<Desc> {
  const json = readMessage(desc, input, { path: '', violations });
  if (violations.length > 0) throw new ValidationFailed(violations);
  return withMask(desc, input, fromJson(desc, json));
}

/** The message with the paths of its mask, which the JSON of protobuf can't say where they have keys of maps. */
function withMask<Desc extends DescMessage>(
  desc: Desc,
  input: JsonInput,
  message: MessageShape<Desc>,
): MessageShape<Desc> {
  const mask = maskFieldOf(desc);
  if (mask === undefined || !isObject(input)) return message;
  const text = input[mask.jsonName] ?? input[mask.name];
  if (typeof text !== 'string') return message;
  const paths = maskPathsOf(desc, text);
  return Object.assign(message, { [mask.localName]: create(FieldMaskSchema, { paths }) });
}

/** Null means absent, or refused. */
function readMessage(desc: DescMessage, input: JsonInput, place: Place): JsonValue {
  if (desc.typeName === TimestampSchema.typeName) return readTimestamp(input, place);
  if (desc.typeName.startsWith('google.protobuf.')) return readWellKnown(desc, input, place);
  if (!isObject(input)) {
    return refuse(place, place.path === '' ? 'the JSON must be an object' : 'must be an object');
  }
  const output: JsonObject = {};
  const mask = place.path === '' ? maskFieldOf(desc) : undefined;
  for (const [name, value] of Object.entries(input)) {
    if (isFull(place)) break;
    const field = fieldByName(desc, name);
    const path = memberPath(place.path, field?.jsonName ?? strangeName(name));
    const here: Place = { path, violations: place.violations };
    if (field === undefined) {
      refuse(here, 'is not a field here; check its name, or leave it out');
    } else if (Object.hasOwn(output, field.jsonName)) {
      refuse(here, 'is given twice; give it once');
    } else if (value !== null) {
      refuseSecondOfOneof(field, output, here);
      output[field.jsonName] =
        field === mask ? readMaskText(value, here) : readField(field, value, here);
    }
  }
  return output;
}

function refuseSecondOfOneof(field: DescField, output: JsonObject, place: Place): void {
  const names = field.oneof?.fields.map(({ jsonName }) => jsonName) ?? [];
  const first = names.find((name) => Object.hasOwn(output, name));
  if (first !== undefined) {
    refuse(place, `can't be given with ${first}: choose one of ${names.join(', ')}`);
  }
}

function readField(field: DescField, input: JsonInput, place: Place): JsonValue {
  switch (field.fieldKind) {
    case 'message':
      return readMessage(field.message, input, place);
    case 'scalar':
      return readScalar(field.scalar, input, place);
    case 'enum':
      return readEnum(field, input, place);
    case 'list':
      return readList(field, input, place);
    case 'map':
      return readMap(field, input, place);
  }
}

type ListField = DescField & { fieldKind: 'list' };
type MapField = DescField & { fieldKind: 'map' };

function readList(field: ListField, input: JsonInput, { path, violations }: Place): JsonValue {
  if (!Array.isArray(input)) return refuse({ path, violations }, 'must be a list');
  const output: JsonValue[] = [];
  for (const [index, item] of input.entries()) {
    if (isFull({ violations })) break;
    output.push(readItem(field, item, { path: itemPath(path, index), violations }));
  }
  return output;
}

function readMap(field: MapField, input: JsonInput, { path, violations }: Place): JsonValue {
  if (!isObject(input)) return refuse({ path, violations }, 'must be an object');
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(input)) {
    if (isFull({ violations })) break;
    entries.push([key, readItem(field, item, { path: keyPath(path, key), violations })]);
  }
  return Object.fromEntries(entries);
}

function readItem(field: ListField | MapField, input: JsonInput, place: Place): JsonValue {
  if (input === null) return refuse(place, 'must not be null');
  const kind = field.fieldKind === 'list' ? field.listKind : field.mapKind;
  if (kind === 'message' && field.message !== undefined) {
    return readMessage(field.message, input, place);
  }
  if (kind === 'enum') return readEnum(field, input, place);
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
  switch (type) {
    case ScalarType.BOOL:
      return typeof input === 'boolean' ? input : refuse(place, 'must be true or false');
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return readDouble(input, place);
    case ScalarType.BYTES:
      return readBytes(input, place);
    default:
      return typeof input === 'string' ? input : refuse(place, 'must be a string');
  }
}

const wholeNumber = /^-?(?:0|[1-9]\d*)$/;
/** More than 64 bits can say. */
const digitsMax = 20;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function readInteger(
  { bits, signed }: { bits: number; signed: boolean },
  input: JsonInput,
  place: Place,
): JsonValue {
  const written = input instanceof JsonNumber ? input.text : input;
  if (typeof written !== 'string' || !wholeNumber.test(written)) {
    return refuse(place, 'must be a whole number in decimal digits, such as 25000');
  }
  // To make a number of a million digits takes more than a million steps.
  const value = written.length > digitsMax ? undefined : BigInt(written);
  if (input instanceof JsonNumber && (value === undefined || value > safeMax || value < -safeMax)) {
    return refuse(place, `must be within ±${safeMax}, as every JSON number`);
  }
  const wrap = signed ? BigInt.asIntN : BigInt.asUintN;
  const fits = value !== undefined && wrap(bits, value) === value;
  return fits ? String(value) : refuse(place, `must fit into ${bits} bits`);
}

function readDouble(input: JsonInput, place: Place): JsonValue {
  const value = input instanceof JsonNumber ? Number(input.text) : Number.NaN;
  return Number.isFinite(value) ? value : refuse(place, 'must be a number');
}

function readBytes(input: JsonInput, place: Place): JsonValue {
  return typeof input === 'string' && isBase64(input) ? input : refuse(place, 'must be base64');
}

/** Accepts both alphabets, with or without padding. */
function isBase64(text: string): boolean {
  const digits = text.replace(/={1,2}$/, '');
  const isPadded = digits !== text;
  return (
    /^[\w+/-]*$/.test(digits) && digits.length % 4 !== 1 && (!isPadded || text.length % 4 === 0)
  );
}

function readEnum(field: DescField, input: JsonInput, place: Place): JsonValue {
  const isName = field.enum?.values.some(({ name }) => name === input) ?? false;
  return typeof input === 'string' && isName ? input : refuse(place, wordsOfEnum(field));
}

const timestamp =
  /^(?<date>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const timeMsMin = Date.parse('0001-01-01T00:00:00Z');
const timeMsEnd = Date.UTC(10_000, 0, 1);

function readTimestamp(input: JsonInput, place: Place): JsonValue {
  return typeof input === 'string' && exists(input)
    ? input
    : refuse(place, 'must be a time that exists, such as 2026-03-01T18:30:00Z');
}

function exists(time: string): boolean {
  const date = timestamp.exec(time)?.groups?.['date'];
  if (date === undefined) return false;
  const ms = Date.parse(time);
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  // Date.parse makes March 2nd of February 30th, where it doesn't refuse it.
  const isInCalendar =
    !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(date);
  return isInCalendar && ms >= timeMsMin && ms < timeMsEnd;
}

const formsOfWellKnown: ReadonlyMap<string, string> = new Map([
  [DurationSchema.typeName, 'a duration in seconds, such as 1.5s'],
]);

/** Whether it is a mask; what it says is taken from the text by {@link withMask}. */
function readMaskText(input: JsonInput, place: Place): JsonValue {
  return typeof input === 'string' && isMaskText(input)
    ? ''
    : refuse(place, 'must be names of fields, separated by commas');
}

/** The other well-known types are texts whose form their own parser knows. */
function readWellKnown(desc: DescMessage, input: JsonInput, place: Place): JsonValue {
  try {
    if (typeof input !== 'string') throw new TypeError('no text');
    fromJson(desc, input);
    return input;
  } catch {
    return refuse(place, `must be ${formsOfWellKnown.get(desc.typeName) ?? `a ${desc.name}`}`);
  }
}

export function isObject(input: JsonInput | undefined): input is JsonInputObject {
  return (
    typeof input === 'object' &&
    input !== null &&
    !Array.isArray(input) &&
    !(input instanceof JsonNumber)
  );
}

/** A text can have a hundred thousand mistakes, and the first ones say it all. */
const violationsMax = unknownNamesMax;

/** Whether no more would be named: then the rest of the message isn't read. */
export function isFull({ violations }: Pick<Place, 'violations'>): boolean {
  return violations.length >= violationsMax;
}

function refuse(place: Place, message: string): null {
  if (!isFull(place)) place.violations.push({ field: place.path, message });
  return null;
}
