import {
  type DescField,
  type DescMessage,
  fromBinary,
  type MessageShape,
} from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { Access, AccessedIds } from './auth/access.ts';
import { elementsInAllMax, elementsMaxOf, tooManyInAll } from './elements-max.ts';
import { ValidationFailed } from './errors.ts';
import { itemPath, memberPath } from './json/field-path.ts';

/**
 * Reads a message from its protobuf encoding. Before a large one is decoded, the elements of its lists and maps are
 * counted: half a million of them fit into 1 MB, and take a quarter of a second to decode.
 *
 * @throws {ValidationFailed} naming the first list or map that is longer than the contract allows, or for too many
 *   elements in all
 * @throws {Error} for bytes that aren't the message
 */
export function readBinaryMessage<Desc extends DescMessage>(
  desc: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> {
  if (bytes.length > uncountedBytesMax) requireCounts(desc, bytes);
  return fromBinary(desc, bytes);
}

/** Messages up to this size are decoded in a few milliseconds, however small their fields are. */
const uncountedBytesMax = 16 * 1024;

/** Newer callers may send fields that aren't known here, and a message in parts gives fields again; but not many. */
const spareFieldsMax = 1000;

interface PlannedField {
  readonly name: string;
  /** Undefined if the field is neither a list nor a map. */
  readonly elements: { readonly count: number; readonly words: string } | undefined;
  readonly plan: Plan | undefined;
}

/** Keyed by the numbers of fields. */
type Plan = ReadonlyMap<number, PlannedField>;

const plans = new Map<DescMessage, Plan>();

function planOf(desc: DescMessage): Plan {
  const known = plans.get(desc);
  if (known !== undefined) return known;
  const plan = new Map<number, PlannedField>();
  // Known before it is complete, because a message may contain its own kind.
  plans.set(desc, plan);
  for (const field of desc.fields) plan.set(field.number, plannedField(field));
  return plan;
}

function plannedField(field: DescField): PlannedField {
  const { name } = field;
  const plan = field.message && planOf(field.message);
  switch (field.fieldKind) {
    case 'list':
      return { name, elements: elementsMaxOf(field), plan };
    case 'map':
      return { name, elements: elementsMaxOf(field), plan: entryPlan(plan) };
    default:
      return { name, elements: undefined, plan };
  }
}

/** Maps are lists of messages with a key and a value. */
function entryPlan(plan: Plan | undefined): Plan {
  return new Map([
    [1, { name: 'key', elements: undefined, plan: undefined }],
    [2, { name: 'value', elements: undefined, plan }],
  ]);
}

function requireCounts(desc: DescMessage, bytes: Uint8Array): void {
  const counter = { reader: new BinaryReader(bytes), spareFields: 0, elements: 0 };
  try {
    countFields(counter, { plan: planOf(desc), end: bytes.length, path: '' });
  } catch (error) {
    // Of what is garbled, fromBinary reads as much, and says what is wrong.
    if (error instanceof ValidationFailed) throw error;
  }
}

/** Goes through the fields as fromBinary does, also where a length leads out of the message around it. */
function countFields(
  counter: { readonly reader: BinaryReader; spareFields: number; elements: number },
  { plan, end, path }: { plan: Plan; end: number; path: string },
): void {
  const { reader } = counter;
  const counts = new Map<number, number>();
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const count = (counts.get(number) ?? 0) + 1;
    counts.set(number, count);
    const field = plan.get(number);
    const here = field === undefined ? path : memberPath(path, field.name);
    if (field?.elements === undefined) {
      if (field === undefined || count > 1) counter.spareFields += 1;
      // A group, which proto3 doesn't have, can hold any number of fields.
      if (counter.spareFields > spareFieldsMax || wireType === WireType.StartGroup) {
        const message = `must have at most ${spareFieldsMax} fields that are unknown or given again, and no groups`;
        throw new ValidationFailed([{ field: '', message }]);
      }
    } else if (count > field.elements.count) {
      throw new ValidationFailed([{ field: here, message: field.elements.words }]);
    } else {
      counter.elements += 1;
      if (counter.elements > elementsInAllMax) {
        throw new ValidationFailed([{ field: '', message: tooManyInAll }]);
      }
    }
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      continue;
    }
    const next = reader.uint32() + reader.pos;
    if (field?.plan === undefined) {
      reader.pos = next;
    } else {
      const inner = field.elements === undefined ? here : itemPath(here, count - 1);
      countFields(counter, { plan: field.plan, end: next, path: inner });
    }
    if (reader.pos > reader.len) throw new RangeError('the message is cut off');
  }
}

/** The ids that decide who may call, as far as bytes have them that may not be a message. */
export function idsInBinary(
  { programIdPath, userIdPath }: Pick<Access, 'programIdPath' | 'userIdPath'>,
  bytes: Uint8Array,
): AccessedIds {
  return {
    programId: programIdPath && textInBinary(bytes, numbersOf(programIdPath)),
    userId: userIdPath && textInBinary(bytes, numbersOf(userIdPath)),
  };
}

function numbersOf(path: readonly DescField[]): number[] {
  return path.map(({ number }) => number);
}

const lossyUtf8 = new TextDecoder();

/** The text found by following field numbers, even if the rest is garbled or missing. */
export function textInBinary(bytes: Uint8Array, numbers: readonly number[]): string | undefined {
  const [wanted, ...rest] = numbers;
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < bytes.length) {
      const [number, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType, number);
        continue;
      }
      const length = reader.uint32();
      const start = reader.pos;
      reader.pos += length;
      if (number !== wanted) continue;
      const content = bytes.subarray(start, reader.pos);
      if (rest.length > 0) return textInBinary(content, rest);
      return content.length === length ? lossyUtf8.decode(content) : undefined;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
