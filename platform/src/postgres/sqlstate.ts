/**
 * What a database error means for the work that met it:
 *
 * - `data`, `integrity`: this input can never be stored; other input in the same batch can
 * - `retryable`: lost against concurrent work and was undone; the same transaction may be run again at once
 * - `locked`: somebody else kept a lock for longer than `lock_timeout`; the transaction was undone and may be run again
 * - `unavailable`: the database is down or shutting down; nothing is known about the input, nor about a COMMIT under way
 * - `other`: not foreseen
 */
export type ErrorClass = 'data' | 'integrity' | 'retryable' | 'locked' | 'unavailable' | 'other';

/** Classes of SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html */
const byClass: Readonly<Record<string, ErrorClass>> = {
  '08': 'unavailable', // connection exception
  '22': 'data',
  '23': 'integrity',
  '40': 'retryable', // serialization failure, deadlock
  '53': 'unavailable', // insufficient resources
  '57': 'unavailable', // shutdown, statement time-out
  '58': 'unavailable', // the server's own I/O errors
};

const byState: Readonly<Record<string, ErrorClass>> = {
  '55P03': 'locked', // lock_timeout
  '25P03': 'unavailable', // idle_in_transaction_session_timeout closed the session
  '25P04': 'unavailable', // transaction_timeout, likewise
  '25006': 'unavailable', // connected to a standby during a failover
};

const socketErrors: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // a unix socket that isn't there
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

// pg, pg-pool and knex report these without any code; knex puts the statement before them, such as "ROLLBACK - ".
const connectionMessages =
  /(?:^| - )(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Knex: Timeout acquiring a connection|write after end)/;

/** Classifies an error of pg or knex. */
export function classify(error: unknown): ErrorClass {
  if (!Error.isError(error)) return 'other';
  if ('code' in error && typeof error.code === 'string') {
    if (socketErrors.has(error.code)) return 'unavailable';
    if (error.code.length === 5) {
      return byState[error.code] ?? byClass[error.code.slice(0, 2)] ?? 'other';
    }
  }
  // A host name with several addresses fails with all of their errors at once.
  if (error instanceof AggregateError && error.errors.length > 0) return classify(error.errors[0]);
  if (connectionMessages.test(error.message)) return 'unavailable';
  return error.cause === undefined ? 'other' : classify(error.cause);
}

/** Name of the constraint that an integrity error is about. */
export function constraintOf(error: unknown): string | undefined {
  return Error.isError(error) && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : undefined;
}
