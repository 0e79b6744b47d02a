import { isTimeZone } from '../zone-clock.ts';
import { SIGNATURES } from './functions.ts';
import { patternSize } from './pattern-size.ts';
import {
  BOOL,
  INT,
  isScalar,
  isText,
  join,
  scalar,
  typeText,
  type ValueType,
} from './vocabulary.ts';

/** A call, as far as its type and cost depend on it. */
export interface Application {
  readonly name: string;
  readonly method: boolean;
  /** The types of the operands, a method's receiver first. */
  readonly types: readonly ValueType[];
  /** The operands that are string literals. */
  readonly literals: readonly (string | undefined)[];
  /** Refuses the call, or the operand with that number. */
  readonly fail: (message: string, operand?: number) => never;
}

/** What a call gives, and the steps that it takes by itself. */
export interface Applied {
  readonly type: ValueType;
  readonly cost: number;
}

/** A pattern of more instructions than this is refused; each may be tried for each character. */
const PATTERN_SIZE_MAX = 200;
const PATTERN_INSTRUCTION_COST = 10;

/** Types a call: operators over any type here, everything else by the signatures of the environment. */
export function apply(application: Application): Applied {
  const { name, types, fail } = application;
  switch (name) {
    case '_&&_':
    case '_||_':
      return logical(application);
    case '_==_':
    case '_!=_':
      return equality(application);
    case '_?_:_':
      return choice(application);
    case '_[_]':
      return index(application);
    case '@in':
      return contained(application);
    case '@not_strictly_false':
      return { type: BOOL, cost: 0 };
    case 'size':
      if (
        types.length === 1 &&
        types.every((type) => type.kind === 'map' || type.kind === 'list')
      ) {
        return { type: INT, cost: 0 };
      }
      return bySignature(application);
    case '_+_': {
      const [left, right] = types;
      if (left?.kind !== 'list' || right?.kind !== 'list') return bySignature(application);
      const both = join(left, right);
      if (both?.kind !== 'list') return fail(`can't join ${typeText(left)} and ${typeText(right)}`);
      const sizeMax = left.sizeMax + right.sizeMax;
      return { type: { ...both, sizeMax }, cost: 0 };
    }
    default:
      return bySignature(application);
  }
}

function logical({ name, types, fail }: Application): Applied {
  const other = types.findIndex((type) => !isScalar(type, 'bool'));
  const type = types[other];
  if (type !== undefined) {
    fail(`${symbol(name)} needs a bool on both sides, but this is ${typeText(type)}`, other);
  }
  return { type: BOOL, cost: 0 };
}

function equality({ name, types, fail }: Application): Applied {
  const [left, right] = types;
  if (left === undefined || right === undefined) return fail(`${symbol(name)} needs two sides`);
  if (left.kind !== 'scalar' || right.kind !== 'scalar' || left.name !== right.name) {
    fail(`${symbol(name)} can't compare ${typeText(left)} with ${typeText(right)}`);
  }
  return { type: BOOL, cost: 0 };
}

function choice({ types, fail }: Application): Applied {
  const [condition, yes, no] = types;
  if (condition === undefined || yes === undefined || no === undefined) {
    return fail('? needs two values, with : between them');
  }
  if (!isScalar(condition, 'bool')) fail(`? needs a bool before it, not ${typeText(condition)}`);
  const type = join(yes, no);
  if (type === undefined) {
    return fail(`? : needs values of one type, not ${typeText(yes)} and ${typeText(no)}`);
  }
  return { type, cost: 0 };
}

function index({ types, fail }: Application): Applied {
  const [container, key] = types;
  if (container === undefined || key === undefined) return fail('[ ] needs a key');
  if (container.kind === 'list' && isScalar(key, 'int')) {
    return { type: container.element, cost: 0 };
  }
  if (container.kind === 'map' && join(container.key, key) !== undefined) {
    return { type: container.value, cost: 0 };
  }
  return fail(`${typeText(container)} can't be indexed with ${typeText(key)}`);
}

function contained({ types, fail }: Application): Applied {
  const [value, container] = types;
  if (value?.kind === 'scalar' && container !== undefined) {
    const { kind } = container;
    const among = kind === 'list' ? container.element : kind === 'map' ? container.key : undefined;
    if (among !== undefined && join(among, value) !== undefined) {
      return { type: BOOL, cost: kind === 'list' ? container.sizeMax : 0 };
    }
  }
  return fail(`in can't look for ${types.map(typeText).join(' in ')}`);
}

function bySignature(application: Application): Applied {
  const { name, method, types, fail } = application;
  const candidates = SIGNATURES.get(name)?.filter((it) => it.method === method) ?? [];
  if (candidates.length === 0) fail(`unknown function ${symbol(name)}`);
  const fitting = candidates.find(
    ({ parameters }) =>
      parameters.length === types.length &&
      types.every((type, at) => type.kind === 'scalar' && type.name === parameters[at]),
  );
  if (fitting === undefined) {
    return fail(`${symbol(name)} can't be applied to ${types.map(typeText).join(', ')}`);
  }
  const cost = literalCost(application) + (FUNCTION_COST[signatureText(application)] ?? 0);
  return { type: scalar(fitting.result), cost };
}

/** What a function takes beyond the one step of each call: its microseconds, measured, by four or five. */
const FUNCTION_COST: Readonly<Record<string, number>> = {
  'timestamp.get': 20,
  'duration.get': 5,
  'timestamp(string)': 40,
  'timestamp(int)': 20,
  'duration(string)': 40,
  'duration(int)': 20,
  'string(timestamp)': 20,
  'string(duration)': 10,
  'string(bytes)': 10,
  'bytes(string)': 20,
  'int(string)': 10,
  'uint(string)': 10,
  'double(string)': 10,
  'size(string)': 20,
  'string.size': 20,
  'string.contains': 10,
  'timestamp + duration': 20,
  'duration + timestamp': 20,
  'timestamp - duration': 20,
  'timestamp - timestamp': 15,
};

/** A call as FUNCTION_COST names it: all parts of the calendar together. */
function signatureText({ name, method, types }: Application): string {
  const [receiver = '', ...rest] = types.map(typeText);
  if (method) return `${receiver}.${name.startsWith('get') ? 'get' : name}`;
  return name.startsWith('_')
    ? `${receiver} ${symbol(name)} ${rest.join()}`
    : `${name}(${[receiver, ...rest].join()})`;
}

/** Patterns and time zones must be literals: so they are known to be right, and their cost is bounded. */
function literalCost({ name, types, literals, fail }: Application): number {
  const [receiver] = types;
  if (name === 'matches') {
    const [, pattern] = literals;
    if (pattern === undefined) return fail('the pattern of matches must be a string literal');
    return checkedPatternSize(pattern, fail) * PATTERN_INSTRUCTION_COST;
  }
  const [, timeZone] = literals;
  if (
    receiver !== undefined &&
    isScalar(receiver, 'google.protobuf.Timestamp') &&
    types.length === 2
  ) {
    if (
      types[1] !== undefined &&
      isText(types[1]) &&
      (timeZone === undefined || !isTimeZone(timeZone))
    ) {
      fail('the time zone must be a literal of the IANA database, such as "Europe/Paris"');
    }
  }
  return 0;
}

function checkedPatternSize(pattern: string, fail: (message: string) => never): number {
  let size: number;
  try {
    size = patternSize(pattern);
  } catch (error) {
    return fail(`the pattern is not RE2: ${Error.isError(error) ? error.message : error}`);
  }
  if (size <= PATTERN_SIZE_MAX) return size;
  return fail('the pattern is too complex; use fewer or smaller repetitions');
}

/** An operator or function as people write it. */
function symbol(name: string): string {
  return /^[A-Za-z]/.test(name) ? name : name.replaceAll('_', '').replace('@', '');
}
