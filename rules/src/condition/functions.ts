import { type CelFunc, CelScalar, celEnv, celMethod, objectType } from '@bufbuild/cel';
import { createRegistry } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { RE2JS } from '@bufbuild/re2';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import {
  TransactionItemSchema,
  TransactionSchema,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { epochMs } from '../epoch-ms.ts';
import { createZoneClock, isTimeZone, weekday, type ZoneClock } from '../zone-clock.ts';
import { textConversions } from './text-conversions.ts';
import { isScalarName, type ScalarName } from './vocabulary.ts';

const MEMO_MAX = 1_000;

/** Remembers results by a key: patterns and zones are literals of rule sets, so they come again. */
function memoized<Value>(make: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size >= MEMO_MAX) known.clear();
    known.set(key, made);
    return made;
  };
}

/** Throws when the pattern isn't RE2. Matching takes time linear in the text, whatever the pattern. */
const compilePattern = memoized((pattern) => RE2JS.compile(pattern));

const clockOf = memoized((timeZone) => {
  if (!isTimeZone(timeZone)) throw new Error(`unknown time zone ${timeZone}`);
  return createZoneClock(timeZone);
});

/**
 * CEL's calendar functions, of UTC where no zone is given, through clocks that remember: 20 times as fast as looking
 * each up. The library's own round an instant to the nearest millisecond, which may be one of the next day.
 */
function calendarFunctions(): CelFunc[] {
  const parts: Record<string, (epochMs: number, clock: ZoneClock) => number> = {
    getFullYear: (epochMs, clock) => clock.zoned(epochMs).year,
    getMonth: (epochMs, clock) => clock.zoned(epochMs).month - 1,
    getDate: (epochMs, clock) => clock.zoned(epochMs).day,
    getDayOfMonth: (epochMs, clock) => clock.zoned(epochMs).day - 1,
    getDayOfYear: (epochMs, clock) => clock.zoned(epochMs).dayOfYear - 1,
    getDayOfWeek: (epochMs, clock) => weekday(clock.dayOf(epochMs).epochDay) % 7,
    getHours: (epochMs, clock) => Math.floor(clock.minuteOfDay(epochMs) / 60),
    getMinutes: (epochMs, clock) => Math.floor(clock.minuteOfDay(epochMs)) % 60,
    getSeconds: (epochMs, clock) => clock.zoned(epochMs).second,
    getMilliseconds: (epochMs, clock) => clock.zoned(epochMs).millisecond,
  };
  const receiver = objectType(TimestampSchema);
  return Object.entries(parts).flatMap(([name, part]) => [
    celMethod(name, receiver, [], CelScalar.INT, function () {
      return BigInt(part(epochMs(this.message), clockOf('UTC')));
    }),
    celMethod(name, receiver, [CelScalar.STRING], CelScalar.INT, function (timeZone) {
      return BigInt(part(epochMs(this.message), clockOf(timeZone)));
    }),
  ]);
}

/** Everything that conditions can call: CEL's standard functions. */
export const CONDITION_ENV = celEnv({
  registry: createRegistry(TransactionSchema, TransactionItemSchema, MoneySchema),
  funcs: [...calendarFunctions(), ...textConversions()],
  re2: { compile: compilePattern },
});

/** One way to call a function: its argument types, a method's receiver first. */
export interface Signature {
  readonly method: boolean;
  readonly parameters: readonly ScalarName[];
  readonly result: ScalarName;
}

/** The functions over scalars, by name; those over lists, maps and anything are the checker's own. */
export const SIGNATURES: ReadonlyMap<string, readonly Signature[]> = signatures();

function signatures() {
  const byName = new Map<string, Signature[]>();
  for (const { name, target, arguments: rest, result } of CONDITION_ENV.funcs) {
    const parameters = [...(target === undefined ? [] : [target]), ...rest].map(({ name }) => name);
    if (!parameters.every(isScalarName) || !isScalarName(result.name)) continue;
    const known = byName.get(name) ?? [];
    known.push({ method: target !== undefined, parameters, result: result.name });
    byName.set(name, known);
  }
  return byName;
}
