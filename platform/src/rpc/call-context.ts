import type { DescMessage } from '@bufbuild/protobuf';
import type { Caller } from '../auth/tokens.ts';
import type { FieldNaming } from '../json/field-naming.ts';
import type { Logger } from '../logging.ts';

/** The call that a handler serves. */
export interface CallContext {
  /** Correlates the call's log lines, events and responses; from the caller's `x-request-id`, or made here. */
  readonly requestId: string;
  /** The trace that the call belongs to, by its W3C header `traceparent`; undefined if it belongs to none. */
  readonly traceId: string | undefined;
  /** That header, unchanged, to be passed on in calls that serve this one; undefined like the trace id. */
  readonly traceparent: string | undefined;
  readonly caller: Caller;
  /** When the call's deadline passes, in milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** Aborted when the caller goes away or the deadline passes. Made on first use, because most handlers never need it. */
  readonly signal: AbortSignal;
  /** Logs with the request id, the trace id and the method. */
  readonly log: Logger;
  /**
   * Lets the call go on only if the caller may reach what belongs to `userId`; throws what `otherwise` makes if not.
   * Methods with `own: LOADED_OWNER` must call it before they return: a response to a member without it becomes
   * INTERNAL.
   */
  assertOwner(userId: string, otherwise: () => Error): void;
  /**
   * Lets the call go on only if the caller's token reaches the program; throws what `otherwise` makes if not. For
   * methods whose request has no `program_id`; where it has one, it was checked before the handler.
   */
  assertProgram(programId: string, otherwise: () => Error): void;
  /**
   * How the caller writes the names of fields of a message: `amount.minor_units`, or `amount.minorUnits` where the call came
   * as JSON.
   */
  fieldNaming(desc: DescMessage): FieldNaming;
}
