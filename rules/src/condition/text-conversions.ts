import { type CelFunc, CelScalar, celFunc, celUint, objectType } from '@bufbuild/cel';
import { create, fromJson } from '@bufbuild/protobuf';
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';

/**
 * CEL's conversions of texts into numbers and times. The library's own accept what is none: '' as 0, '0x10' as 16,
 * 'abc' as a double that isn't a number, the 30th of February as a day in March.
 */
export function textConversions(): CelFunc[] {
  const { DOUBLE, INT, STRING, UINT } = CelScalar;
  return [
    celFunc('int', [STRING], INT, intOf),
    celFunc('uint', [STRING], UINT, (text) => celUint(uintOf(text))),
    celFunc('double', [STRING], DOUBLE, doubleOf),
    celFunc('timestamp', [STRING], objectType(TimestampSchema), timestampOf),
    celFunc('duration', [STRING], objectType(DurationSchema), durationOf),
  ];
}

function intOf(text: string): bigint {
  // More digits than any has would only take time.
  const value = /^[+-]?\d{1,64}$/.test(text) ? BigInt(text) : undefined;
  if (value !== undefined && BigInt.asIntN(64, value) === value) return value;
  throw new Error(`Unable to convert string '${text}' to int`);
}

function uintOf(text: string): bigint {
  const value = /^\d{1,64}$/.test(text) ? BigInt(text) : undefined;
  if (value !== undefined && BigInt.asUintN(64, value) === value) return value;
  throw new Error(`Unable to convert string '${text}' to uint`);
}

function doubleOf(text: string): number {
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
    ? Number(text)
    : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new Error(`Unable to convert string '${text}' to double`);
}

function timestampOf(text: string): Timestamp {
  const [, year, month, day, hour] = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  // What the calendar lacks would be read as a day of the next month.
  if (date.getUTCDate() !== Number(day) || Number(hour) > 23) {
    throw new Error(`Failed to parse timestamp: there is no ${text}`);
  }
  try {
    return fromJson(TimestampSchema, text);
  } catch (error) {
    throw new Error(`Failed to parse timestamp: ${error}`, { cause: error });
  }
}

const SECOND_NS = 1_000_000_000n;
const UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: SECOND_NS,
  m: 60n * SECOND_NS,
  h: 3_600n * SECOND_NS,
};
const PART = '(\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|ms|s|m|h)';
const PARTS = new RegExp(PART, 'g');
const DURATION = new RegExp(`^[+-]?(?:0|(?:${PART})+)$`);

/** A sum of decimals with units, such as "-1h30m" or "1.5s". */
function durationOf(text: string): Duration {
  if (text.length > 128 || !DURATION.test(text)) {
    throw new Error(`Failed to parse duration: '${text}' is none such as '1h30m'`);
  }
  let nanos = 0n;
  for (const [, number = '', unit = ''] of text.matchAll(PARTS)) {
    const [integer = '', decimals = ''] = number.split('.');
    nanos += (BigInt(integer + decimals) * (UNITS_NS[unit] ?? 0n)) / 10n ** BigInt(decimals.length);
  }
  if (text.startsWith('-')) nanos = -nanos;
  if (BigInt.asIntN(64, nanos) !== nanos) throw new Error('Failed to parse duration: out of range');
  return create(DurationSchema, {
    seconds: nanos / SECOND_NS,
    nanos: Number(nanos % SECOND_NS),
  });
}
