import type { parse } from '@bufbuild/cel';
import { apply } from './apply-function.ts';
import {
  BOOL,
  isScalar,
  isText,
  join,
  NOTHING,
  type ScalarName,
  scalar,
  typeText,
  type ValueType,
  type Vocabulary,
} from './vocabulary.ts';

export type Expression = ReturnType<typeof parse>['expr'];
type Kind<Case extends Expression['exprKind']['case']> = Extract<
  Expression['exprKind'],
  { case: Case }
>['value'];

/** An expression's type, and an upper bound of the steps that evaluating it takes. */
export interface Typed {
  readonly type: ValueType;
  readonly cost: number;
}

/** Thrown for the first part of an expression that is wrong. */
export class TypeFault extends Error {
  readonly expressionId: bigint;

  constructor(expressionId: bigint, message: string) {
    super(message);
    this.expressionId = expressionId;
  }
}

interface Scope {
  readonly variables: Vocabulary;
  /** How deep the expression is nested. */
  readonly depth: number;
  /** Whether it is evaluated for each element of a list. */
  readonly loop: boolean;
}

const KEY_TYPES = ['bool', 'int', 'uint', 'string'] as const;
const DEPTH_MAX = 100;
/** The name under which the parser collects what a loop over a list has found so far. No expression can write it. */
const ACCUMULATOR = '@result';

/**
 * Infers the type of an expression. Stricter than CEL: no mixed lists, nothing of type dyn, and only scalars are
 * compared, which keeps every evaluation within its cost. Throws TypeFault.
 */
export function typeOf(expression: Expression, variables: Vocabulary): Typed {
  return infer(expression, { variables, depth: 0, loop: false });
}

function infer(expression: Expression, outer: Scope): Typed {
  const scope = { ...outer, depth: outer.depth + 1 };
  const { id, exprKind } = expression;
  if (scope.depth > DEPTH_MAX) throw new TypeFault(id, `nested deeper than ${DEPTH_MAX} levels`);
  switch (exprKind.case) {
    case 'constExpr':
      return { type: constant(id, exprKind.value), cost: 1 };
    case 'identExpr':
      return { type: variable(id, exprKind.value.name, scope), cost: 1 };
    case 'selectExpr':
      return select(id, exprKind.value, scope);
    case 'callExpr':
      return call(id, exprKind.value, scope);
    case 'listExpr':
      return list(exprKind.value, scope);
    case 'structExpr':
      return map(id, exprKind.value, scope);
    case 'comprehensionExpr':
      return comprehension(id, exprKind.value, scope);
    default:
      throw new TypeFault(id, 'not supported in a condition');
  }
}

function constant(id: bigint, { constantKind }: Kind<'constExpr'>): ValueType {
  const names: Partial<Record<NonNullable<typeof constantKind.case>, ScalarName>> = {
    boolValue: 'bool',
    bytesValue: 'bytes',
    doubleValue: 'double',
    int64Value: 'int',
    nullValue: 'null_type',
    stringValue: 'string',
    uint64Value: 'uint',
  };
  const name = constantKind.case && names[constantKind.case];
  if (name === undefined) throw new TypeFault(id, 'this literal is not supported in a condition');
  return scalar(name);
}

function variable(id: bigint, name: string, { variables }: Scope): ValueType {
  const type = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (type !== undefined) return type;
  const known = Object.keys(variables).filter((candidate) => candidate !== ACCUMULATOR);
  throw new TypeFault(id, `unknown name ${name}; known are ${known.join(', ')}`);
}

function select(id: bigint, { operand, field, testOnly }: Kind<'selectExpr'>, scope: Scope): Typed {
  const { type, cost } = infer(required(id, operand), scope);
  const found = member(id, type, field);
  return { type: testOnly ? BOOL : found, cost: cost + 1 };
}

function member(id: bigint, type: ValueType, field: string): ValueType {
  if (type.kind === 'map' && isScalar(type.key, 'string')) return type.value;
  if (type.kind !== 'record') {
    throw new TypeFault(id, `${typeText(type)} has no field ${field}`);
  }
  const found = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
  if (found !== undefined) return found;
  const fields = Object.keys(type.fields).join(', ');
  throw new TypeFault(id, `${type.name} has no field ${field}; it has ${fields}`);
}

function list({ elements }: Kind<'listExpr'>, scope: Scope): Typed {
  let element: ValueType = NOTHING;
  let cost = 1;
  for (const expression of elements) {
    const typed = infer(expression, scope);
    element = joined(expression.id, element, typed.type, 'a list has elements of one type');
    cost += typed.cost;
  }
  return { type: { kind: 'list', element, sizeMax: elements.length }, cost };
}

function map(id: bigint, { messageName, entries }: Kind<'structExpr'>, scope: Scope): Typed {
  if (messageName !== '') throw new TypeFault(id, 'a condition can make no messages');
  if (entries.length === 0) throw new TypeFault(id, 'a map needs at least one entry');
  let [key, value]: [ValueType, ValueType] = [NOTHING, NOTHING];
  let cost = 1;
  for (const entry of entries) {
    if (entry.keyKind.case !== 'mapKey') throw new TypeFault(entry.id, 'a map entry needs a key');
    const [left, right] = [
      infer(entry.keyKind.value, scope),
      infer(required(id, entry.value), scope),
    ];
    if (
      entry.keyKind.value.exprKind.case !== 'constExpr' ||
      !KEY_TYPES.some((name) => isScalar(left.type, name))
    ) {
      throw new TypeFault(entry.id, 'a key must be a literal: a string, a whole number or a bool');
    }
    key = joined(entry.id, key, left.type, 'a map has keys of one type');
    value = joined(entry.id, value, right.type, 'a map has values of one type');
    cost += left.cost + right.cost;
  }
  return { type: { kind: 'map', key, value, sizeMax: entries.length }, cost };
}

/** What the parser makes of all, exists, exists_one, filter and map. */
function comprehension(id: bigint, loop: Kind<'comprehensionExpr'>, scope: Scope): Typed {
  const range = infer(required(id, loop.iterRange), scope);
  if (range.type.kind !== 'list' && range.type.kind !== 'map') {
    throw new TypeFault(id, `goes through a list or a map, not through ${typeText(range.type)}`);
  }
  const element = range.type.kind === 'list' ? range.type.element : range.type.key;
  const start = infer(required(id, loop.accuInit), scope);
  const inner = (accumulated: ValueType): Scope => ({
    variables: { ...scope.variables, [loop.iterVar]: element, [ACCUMULATOR]: accumulated },
    depth: scope.depth,
    loop: true,
  });
  const step = infer(required(id, loop.loopStep), inner(start.type));
  let type = joined(id, start.type, step.type, 'a loop finds values of one type');
  if (type.kind === 'list') type = { ...type, sizeMax: range.type.sizeMax };
  const condition = infer(required(id, loop.loopCondition), inner(type));
  const result = infer(required(id, loop.result), inner(type));
  const each = step.cost + condition.cost;
  return {
    type: result.type,
    cost: 1 + range.cost + start.cost + result.cost + range.type.sizeMax * each,
  };
}

function call(id: bigint, { function: name, target, args }: Kind<'callExpr'>, scope: Scope): Typed {
  const operands = [...(target === undefined ? [] : [target]), ...args];
  const typed = operands.map((operand) => infer(operand, scope));
  const types = typed.map(({ type }) => type);
  const cost = typed.reduce((sum, operand) => sum + operand.cost, 1);
  const fail = (message: string, operand?: number): never => {
    throw new TypeFault((operand === undefined ? undefined : operands[operand]?.id) ?? id, message);
  };
  if (scope.loop) checkGrowth(name, types, operands, fail);
  const literals = operands.map(stringLiteral);
  const applied = apply({ name, method: target !== undefined, types, literals, fail });
  return { type: applied.type, cost: cost + applied.cost };
}

/** What a loop makes could double each time round. Only the parser's own collecting of what a loop finds is safe. */
function checkGrowth(
  name: string,
  types: readonly ValueType[],
  operands: readonly Expression[],
  fail: (message: string) => never,
): void {
  if (name !== '_+_' || isAccumulator(operands[0])) return;
  if (types.some((type) => type.kind === 'list' || isText(type))) {
    fail('strings and lists can be joined only outside of loops');
  }
}

function isAccumulator(expression: Expression | undefined): boolean {
  const kind = expression?.exprKind;
  return kind?.case === 'identExpr' && kind.value.name === ACCUMULATOR;
}

function stringLiteral({ exprKind }: Expression): string | undefined {
  if (exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

function joined(id: bigint, a: ValueType, b: ValueType, rule: string): ValueType {
  const type = join(a, b);
  if (type === undefined) throw new TypeFault(id, `${rule}, not ${typeText(a)} and ${typeText(b)}`);
  return type;
}

function required(id: bigint, expression: Expression | undefined): Expression {
  if (expression === undefined) throw new TypeFault(id, 'something is missing here');
  return expression;
}
