import type { DescMessage } from '@bufbuild/protobuf';
import { reachesProgram } from '../auth/access.ts';
import type { Caller } from '../auth/tokens.ts';
import { type FieldNaming, jsonNaming, protoNaming } from '../json/field-naming.ts';
import type { Logger } from '../logging.ts';
import { traceIdOf } from '../telemetry/traceparent.ts';
import type { CallContext } from './call-context.ts';
import type { Admission } from './caller-limits.ts';

interface RunningCallOptions {
  requestId: string;
  /** As the caller sent it. */
  traceparent: string | undefined;
  deadlineMs: number;
  method: string;
  /** Whether the caller names fields as JSON does. */
  usesJsonNames: () => boolean;
  logger: Logger;
}

/** What the pipeline keeps about a call, and the context that its handler gets: one object, because there is one per call. */
export class RunningCall implements CallContext {
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly traceparent: string | undefined;
  readonly deadlineMs: number;
  readonly startedMs = performance.now();
  /** Set by the pipeline before any handler sees the call. */
  caller!: Caller;
  /** Whether the caller may reach only what is their own. */
  memberOnly = false;
  ownerAsserted = false;
  finished = false;
  admission: Admission | undefined;
  timer: NodeJS.Timeout | undefined;
  readonly #method: string;
  readonly #usesJsonNames: () => boolean;
  readonly #logger: Logger;
  #log: Logger | undefined;
  #controller: AbortController | undefined;
  #abortReason: Error | undefined;

  constructor(options: RunningCallOptions) {
    this.requestId = options.requestId;
    this.traceId = traceIdOf(options.traceparent);
    this.traceparent = this.traceId === undefined ? undefined : options.traceparent;
    this.deadlineMs = options.deadlineMs;
    this.#method = options.method;
    this.#usesJsonNames = options.usesJsonNames;
    this.#logger = options.logger;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason);
    }
    return this.#controller.signal;
  }

  get log(): Logger {
    this.#log ??= this.#logger.child({
      requestId: this.requestId,
      traceId: this.traceId,
      method: this.#method,
    });
    return this.#log;
  }

  assertOwner(userId: string, otherwise: () => Error): void {
    this.ownerAsserted = true;
    if (this.memberOnly && userId !== this.caller.subject) throw otherwise();
  }

  assertProgram(programId: string, otherwise: () => Error): void {
    if (!reachesProgram(this.caller, programId)) throw otherwise();
  }

  fieldNaming(desc: DescMessage): FieldNaming {
    return this.#usesJsonNames() ? jsonNaming(desc) : protoNaming;
  }

  /** Signals to the handler, if it listens, that nobody waits for its response any longer. */
  abort(reason: Error): void {
    this.#abortReason = reason;
    this.#controller?.abort(reason);
  }
}
