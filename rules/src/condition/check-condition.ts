import { parse } from '@bufbuild/cel';
import { bracketTooDeep } from './bracket-depth.ts';
import { type Typed, TypeFault, typeOf } from './type-of.ts';
import { isScalar, typeText, type Vocabulary } from './vocabulary.ts';

/** What is wrong with an expression, and where in its text: lines and columns count from 1. */
export interface ConditionFault {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What an expression may cost at most, on the largest transaction allowed, in steps of a fraction of a microsecond. */
export const CONDITION_COST_MAX = 50_000;

/**
 * How deep the brackets of an expression may nest. Where many are never closed, the parser takes the cube of their number
 * to say so: seconds for 250.
 */
export const BRACKET_DEPTH_MAX = 50;

export interface CheckedCondition {
  /** The first mistake. */
  readonly fault: ConditionFault | undefined;
  /** An upper bound of the steps that one evaluation takes. */
  readonly cost: number;
}

/** Checks syntax, types and cost of a condition; it must be of type bool. Never throws. */
export function checkCondition(expression: string, vocabulary: Vocabulary): CheckedCondition {
  const tooDeep = bracketTooDeep(expression, BRACKET_DEPTH_MAX);
  if (tooDeep !== undefined) {
    const message = `brackets may nest ${BRACKET_DEPTH_MAX} deep at most`;
    return { fault: { ...positionOf(expression, tooDeep), message }, cost: 0 };
  }
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(expression);
  } catch (error) {
    return { fault: syntaxFault(error), cost: 0 };
  }
  const at = (id: bigint, message: string): ConditionFault => {
    const offset = parsed.sourceInfo?.positions[id.toString()] ?? 0;
    return { ...positionOf(expression, offset), message };
  };
  let typed: Typed;
  try {
    typed = typeOf(parsed.expr, vocabulary);
  } catch (error) {
    if (!(error instanceof TypeFault)) throw error;
    return { fault: at(error.expressionId, error.message), cost: 0 };
  }
  const { type, cost } = typed;
  if (!isScalar(type, 'bool')) {
    const message = `must be a yes or no (bool), but is ${typeText(type)}`;
    return { fault: at(parsed.expr.id, message), cost };
  }
  if (cost > CONDITION_COST_MAX) {
    const message = `may take ${cost} steps, more than ${CONDITION_COST_MAX}; nest fewer loops over items, categories or attributes`;
    return { fault: at(parsed.expr.id, message), cost };
  }
  return { fault: undefined, cost };
}

export function faultText({ line, column, message }: ConditionFault): string {
  return `line ${line}, column ${column}: ${message}`;
}

function positionOf(expression: string, offset: number) {
  // The parser's place of an operator may be where the space before it begins.
  const space = /^\s*/.exec(expression.slice(offset))?.[0] ?? '';
  const before = expression.slice(0, offset + space.length).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** The parser's error has the place where it gave up. */
interface SyntaxErrorLike {
  readonly rawMessage?: string;
  readonly location?: { readonly start: { readonly line: number; readonly column: number } };
}

function syntaxFault(error: unknown): ConditionFault {
  const { rawMessage, location } = error as SyntaxErrorLike;
  const { line, column } = location?.start ?? { line: 1, column: 1 };
  const message = rawMessage ?? (Error.isError(error) ? error.message : String(error));
  return { line, column, message: `syntax error: ${message}` };
}
