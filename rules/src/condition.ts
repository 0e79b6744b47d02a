import { celEnv, celMap, isCelError, parse, plan } from '@bufbuild/cel';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { RE2JS } from '@bufbuild/re2';
import type { MemberFacts, Transaction } from './language.ts';

/** What a condition is asked about. A reward's condition has no transaction. */
export interface ConditionFacts {
  readonly transaction?: Transaction;
  readonly member: MemberFacts;
  readonly now: Date;
}

/** Facts in the form that expressions read, made once for all conditions of an evaluation. */
export type ConditionBindings = Readonly<Record<string, unknown>>;

export interface CompiledCondition {
  /** Whether the answer depends on the member. */
  readonly asksMember: boolean;
  /** Undefined when the condition holds, else why it doesn't. One that fails counts as false. */
  refusal(bindings: ConditionBindings): string | undefined;
}

/**
 * Compiles a CEL expression. It never throws: an expression that can't be compiled is one that always fails, so that a
 * published version stays usable whatever later versions of this code refuse.
 */
export function compileCondition(expression: string): CompiledCondition | undefined {
  if (expression === '') return undefined;
  try {
    const run = plan(CONDITION_ENV, parse(expression)) as (bindings: ConditionBindings) => unknown;
    return {
      // A word in a string literal makes it true as well, which costs a look-up and nothing else.
      asksMember: /\bmember\b/.test(expression),
      refusal: (bindings) => refusalOf(run(bindings)),
    };
  } catch (error) {
    const note = `condition failed: ${messageOf(error)}`;
    return { asksMember: false, refusal: () => note };
  }
}

export function conditionBindings({ transaction, member, now }: ConditionFacts): ConditionBindings {
  return {
    ...(transaction === undefined ? {} : { transaction }),
    member: celMap(
      new Map<
        string,
        bigint | string | ReturnType<typeof celMap> | ReturnType<typeof timestampFromDate>
      >([
        ['user_id', member.userId],
        ['attributes', celMap(new Map(Object.entries(member.attributes)))],
        ['join_time', timestampFromDate(member.joinTime)],
        ['lifetime_earned', member.lifetimeEarned],
      ]),
    ),
    now: timestampFromDate(now),
  };
}

const PATTERNS_MAX = 1_000;
const patterns = new Map<string, RE2JS>();

/** Compiling a pattern costs far more than running it; patterns are literals, so they come again. */
function compilePattern(pattern: string): RE2JS {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const compiled = RE2JS.compile(pattern);
  if (patterns.size >= PATTERNS_MAX) patterns.clear();
  patterns.set(pattern, compiled);
  return compiled;
}

/** The functions that conditions can call: CEL's standard ones. */
export const CONDITION_ENV = celEnv({ re2: { compile: compilePattern } });

function refusalOf(result: unknown): string | undefined {
  if (result === true) return undefined;
  if (result === false) return 'condition is false';
  return isCelError(result)
    ? `condition failed: ${result.message}`
    : 'condition failed: it is neither true nor false';
}

function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
