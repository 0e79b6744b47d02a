import { type CelInput, celMap, isCelError, parse, plan } from '@bufbuild/cel';
import { reflect } from '@bufbuild/protobuf/reflect';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import { CONDITION_FAILED } from '../explanation.ts';
import type { Instant } from '../instant.ts';
import type { MemberFacts, Purchase } from '../language.ts';
import { CONDITION_ENV } from './functions.ts';

/** The input of a condition. A reward's condition has no purchase. */
export interface ConditionFacts {
  readonly transaction?: Purchase;
  readonly member: MemberFacts;
  readonly now: Instant;
}

/** Facts in the form that expressions read, made once for all conditions of an evaluation. */
export type ConditionBindings = Readonly<Record<string, unknown>>;

export interface CompiledCondition {
  /** Whether the result depends on the member. */
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
    const note = `${CONDITION_FAILED}: ${messageOf(error)}`;
    return { asksMember: false, refusal: () => note };
  }
}

export function conditionBindings({ transaction, member, now }: ConditionFacts): ConditionBindings {
  return {
    // Wrapped here, or each mention of it in an expression would wrap it again.
    ...(transaction && { transaction: reflect(TransactionSchema, transaction) }),
    member: celMap(
      new Map<string, CelInput>([
        ['user_id', member.userId],
        ['attributes', celMap(new Map(Object.entries(member.attributes)))],
        ['join_time', timestampFromMs(member.joinTime)],
        ['lifetime_earned', member.lifetimeEarned],
      ]),
    ),
    now: timestampFromMs(now),
  };
}

function refusalOf(result: unknown): string | undefined {
  if (result === true) return undefined;
  if (result === false) return 'condition is false';
  return isCelError(result)
    ? `${CONDITION_FAILED}: ${result.message}`
    : `${CONDITION_FAILED}: it is neither true nor false`;
}

function messageOf(error: unknown): string {
  return Error.isError(error) ? error.message : String(error);
}
