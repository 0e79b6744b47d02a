/** The call on whose behalf another service is called. */
export interface ServedCall {
  /** The caller's own. */
  readonly token: string;
  readonly requestId: string;
  /** The W3C header of the trace that the call belongs to. */
  readonly traceparent: string | undefined;
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
}

/**
 * Returns whether points of any member are held for the program at this instant.
 *
 * @throws {LedgerUnavailable}
 */
export type HasOpenHolds = (programId: string, served: ServedCall) => Promise<boolean>;
