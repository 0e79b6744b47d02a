import type { Writable } from 'node:stream';
import type { Pool, PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';

export interface DbTransaction {
  /**
   * Sends a statement at once, without waiting for those before it: issue several and await them together, and
   * one round trip carries them all. A config with a `name` is prepared once per connection.
   */
  query<Row extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ): Promise<QueryResult<Row>>;
  /**
   * Sends COMMIT right behind the statements issued so far, which saves the last round trip. Optional. If one
   * of those statements fails, PostgreSQL answers COMMIT with ROLLBACK: an early commit never keeps a half.
   */
  commit(): void;
}

/** Thrown when a statement failed, `work` looked away, and the database therefore undid the transaction. */
export class TransactionRolledBack extends Error {
  override readonly name = 'TransactionRolledBack';

  constructor(cause: unknown) {
    super('the transaction was rolled back because a statement in it failed', { cause });
  }
}

/**
 * Runs `work` in one transaction (READ COMMITTED) and returns what it returned, once that is committed.
 *
 * Errors are those of `work`, else of COMMIT. Where `work` met a statement that was only ignored because another had
 * failed, it is the other's error. When the connection was lost during COMMIT its outcome is unknown
 * (`classify` says `unavailable`): only work that may be repeated should run here.
 *
 * @throws {TransactionRolledBack} when `work` swallowed the error of a statement
 */
export async function transaction<Result>(
  pool: Pool,
  work: (tx: DbTransaction) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // The statements' own promises report it too, but an emitter without a listener throws.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  const session = begin(client);
  try {
    const result = await work(session);
    session.commit();
    await session.committed();
    return result;
  } catch (error) {
    broken ??= await session.end();
    throw session.causeOf(error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

interface Session extends DbTransaction {
  /** Resolves when COMMIT has been confirmed. */
  committed(): Promise<void>;
  /** The error that led to this one, where this one only says that the transaction had failed before. */
  causeOf(error: unknown): unknown;
  /** Leaves the transaction; returns the error that makes the connection unfit for others, if any. */
  end(): Promise<Error | undefined>;
}

function begin(client: PoolClient): Session {
  let outcome: Promise<QueryResult> | undefined;
  let firstError: unknown;

  // Each promise is marked as handled, because `work` may fail before it gets to await all of them.
  const send: DbTransaction['query'] = <Row extends QueryResultRow>(
    statement: string | QueryConfig,
    values?: unknown[],
  ) => {
    corkForThisTurn(client);
    const answer = client.query<Row>(statement, values);
    answer.catch((error: unknown) => {
      firstError ??= error;
    });
    return answer;
  };
  const opened = send('BEGIN');

  return {
    query(statement, values) {
      if (outcome !== undefined) throw new Error('a statement was issued after commit()');
      return send(statement, values);
    },
    commit() {
      outcome ??= send('COMMIT');
    },
    async committed() {
      await opened;
      const answer = await outcome;
      if (answer?.command !== 'COMMIT') throw new TransactionRolledBack(firstError);
    },
    // Of statements that are awaited together, any may be the first to be heard of.
    causeOf: (error) => (isAftermath(error) ? firstError : error),
    async end() {
      try {
        await (outcome ?? send('ROLLBACK'));
        await opened;
        return undefined;
      } catch (error) {
        return error as Error;
      }
    },
  };
}

/** Whether a statement was ignored because one before it in its transaction had failed. */
function isAftermath(error: unknown): boolean {
  return Error.isError(error) && 'code' in error && error.code === '25P02';
}

/** Clients whose socket gathers what is written until the turn of the event loop ends. */
const corked = new WeakSet<PoolClient>();

/**
 * Statements issued together leave in one write: pg writes each by itself, and a system call and a wake-up of the
 * server for every one of them is a good part of what a small transaction costs.
 */
function corkForThisTurn(client: PoolClient): void {
  if (corked.has(client)) return;
  const { stream } = (client as PoolClient & { connection: { stream: Writable } }).connection;
  corked.add(client);
  stream.cork();
  process.nextTick(() => {
    corked.delete(client);
    stream.uncork();
  });
}
