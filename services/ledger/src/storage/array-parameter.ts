import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';

/** What a column of each type takes. Texts are written as UTF-8, `jsonb` is JSON text, and times are instants. */
export interface Elements {
  readonly bigint: bigint;
  readonly integer: number;
  readonly smallint: number;
  readonly boolean: boolean;
  readonly text: string;
  readonly jsonb: string;
  readonly bytea: Uint8Array;
  readonly timestamptz: Instant;
}

export type ElementType = keyof Elements;
type Element = Elements[ElementType];

interface Codec {
  /** PostgreSQL's number of the type. */
  readonly oid: number;
  /** How many bytes an element takes at most. */
  readonly sizeMax: (value: never) => number;
  /** Writes an element at a place in the memory and returns the place behind it. */
  readonly write: (value: never, at: number) => number;
}

/** What PostgreSQL's own functions for binary input read, such as int8recv; array_recv reads what is around them. */
const codecs: { readonly [Type in ElementType]: Codec & CodecOf<Elements[Type]> } = {
  bigint: { oid: 20, sizeMax: () => 8, write: writeBigint },
  integer: { oid: 23, sizeMax: () => 4, write: writeInteger },
  smallint: { oid: 21, sizeMax: () => 2, write: writeSmallint },
  boolean: { oid: 16, sizeMax: () => 1, write: writeBoolean },
  text: { oid: 25, sizeMax: textSizeMax, write: writeText },
  jsonb: { oid: 3802, sizeMax: (text) => 1 + textSizeMax(text), write: writeJsonb },
  bytea: { oid: 17, sizeMax: (bytes) => bytes.length, write: writeBytes },
  timestamptz: { oid: 1184, sizeMax: () => 8, write: writeInstant },
};

interface CodecOf<Value> {
  readonly sizeMax: (value: Value) => number;
  readonly write: (value: Value, at: number) => number;
}

const memoryBytes = 64 * 1024;
/** The largest memory, in bytes, that is kept for the next array. */
const keptBytesMax = 1024 * 1024;

/** Where parameters are written before they are copied to a buffer of their size. */
let memory = Buffer.allocUnsafeSlow(memoryBytes);
let view = viewOf(memory);

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function reserve(size: number): void {
  if (size <= memory.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * memory.length));
  memory.copy(larger);
  use(larger);
}

function use(buffer: Buffer<ArrayBuffer>): void {
  memory = buffer;
  view = viewOf(buffer);
}

const headerSize = 20;
const lengthSize = 4;
const absentLength = -1;

/**
 * An array as a parameter in PostgreSQL's binary format, which neither side has to format, escape and parse as text. An array
 * without values is NULL: `unnest` fills up the shorter of its arrays.
 *
 * @param elementOf the element of a row; null or undefined for NULL
 */
export function arrayParameter<Row>(
  rows: readonly Row[],
  type: ElementType,
  elementOf: (row: Row) => Element | null | undefined,
): Buffer | null {
  const { oid, sizeMax, write } = codecs[type] as Codec & CodecOf<Element>;
  let end = headerSize;
  let count = 0;
  let previous: Element | undefined;
  let previousStart = 0;
  let previousEnd = 0;
  for (const row of rows) {
    const value = elementOf(row);
    if (value === null || value === undefined) {
      reserve(end + lengthSize);
      view.setInt32(end, absentLength);
      end += lengthSize;
      continue;
    }
    count += 1;
    // Most columns have one value in all rows of a batch.
    if (value === previous) {
      reserve(end + previousEnd - previousStart);
      memory.copyWithin(end, previousStart, previousEnd);
      end += previousEnd - previousStart;
      continue;
    }
    reserve(end + lengthSize + sizeMax(value));
    previousEnd = write(value, end + lengthSize);
    view.setInt32(end, previousEnd - end - lengthSize);
    previous = value;
    previousStart = end;
    end = previousEnd;
  }
  if (count === 0) return null;
  writeHeader({ oid, length: rows.length, hasNull: count < rows.length });
  const written = Buffer.from(memory.subarray(0, end));
  if (memory.length > keptBytesMax) use(Buffer.allocUnsafeSlow(memoryBytes));
  return written;
}

/** An array of the values themselves, as a parameter like {@link arrayParameter}'s. */
export function valuesParameter<Type extends ElementType>(
  type: Type,
  values: readonly Elements[Type][],
): Buffer | null {
  return arrayParameter(values, type, (value) => value);
}

function writeHeader(array: { oid: number; length: number; hasNull: boolean }): void {
  const dimensions = 1;
  const firstIndex = 1;
  view.setInt32(0, dimensions);
  view.setInt32(4, array.hasNull ? 1 : 0);
  view.setInt32(8, array.oid);
  view.setInt32(12, array.length);
  view.setInt32(16, firstIndex);
}

function writeBigint(value: bigint, at: number): number {
  view.setBigInt64(at, value);
  return at + 8;
}

function writeInteger(value: number, at: number): number {
  view.setInt32(at, value);
  return at + 4;
}

function writeSmallint(value: number, at: number): number {
  view.setInt16(at, value);
  return at + 2;
}

function writeBoolean(value: boolean, at: number): number {
  view.setInt8(at, value ? 1 : 0);
  return at + 1;
}

function textSizeMax({ length }: string): number {
  return 3 * length;
}

function writeText(value: string, at: number): number {
  return at + memory.write(value, at);
}

function writeJsonb(value: string, at: number): number {
  const formatVersion = 1;
  view.setInt8(at, formatVersion);
  return writeText(value, at + 1);
}

function writeBytes(value: Uint8Array, at: number): number {
  memory.set(value, at);
  return at + value.length;
}

/** The epoch of PostgreSQL's times, and their unit. */
const epochMs = Date.UTC(2000, 0);
const microsPerMs = 1_000n;
const infinity = 2n ** 63n - 1n;
const minusInfinity = -(2n ** 63n);

function writeInstant(instant: Instant, at: number): number {
  if (instant === endOfTime) return writeBigint(infinity, at);
  if (instant === beginningOfTime) return writeBigint(minusInfinity, at);
  return writeBigint(BigInt(instant - epochMs) * microsPerMs, at);
}
