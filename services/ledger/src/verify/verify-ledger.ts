import type { Nats } from '@loyalty/platform/messaging/connection.ts';
import { type DbTransaction, transaction } from '@loyalty/platform/postgres/transaction.ts';
import type { Pool } from 'pg';
import { checkEvents, eventInvariant } from './event-invariant.ts';
import { type Invariant, offendersNamed, type SqlInvariant, type Violation } from './invariant.ts';
import { sqlInvariants } from './invariants.ts';

export interface VerifyOptions {
  /** Where events are published; without it nothing is said about {@link eventInvariant}. */
  readonly nats?: Nats;
  /** Called after each invariant, with what is wrong if anything is, and with what is worth knowing all the same. */
  readonly onChecked?: (
    invariant: Invariant,
    violation: Violation | undefined,
    notes: readonly string[],
  ) => void;
}

/**
 * Checks a ledger while it works, and returns what doesn't hold: nothing, if all is well. Everything is read as of one
 * instant by one database transaction, which writes nothing; nobody waits for it, and it waits for nobody.
 */
export async function verifyLedger(
  pool: Pool,
  { nats, onChecked = () => undefined }: VerifyOptions = {},
): Promise<Violation[]> {
  return await transaction(pool, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    // Reading everything takes as long as it takes.
    await tx.query('SET LOCAL statement_timeout = 0');
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const violations: Violation[] = [];
    const report = (
      invariant: Invariant,
      violation: Violation | undefined,
      notes: readonly string[] = [],
    ) => {
      if (violation !== undefined) violations.push(violation);
      onChecked(invariant, violation, notes);
    };
    for (const invariant of sqlInvariants) report(invariant, await check(tx, invariant));
    if (nats !== undefined) {
      const { offenders, notes } = await checkEvents({ tx, pool, nats });
      report(eventInvariant, violationOf(eventInvariant, offenders), notes);
    }
    return violations;
  });
}

async function check(tx: DbTransaction, invariant: SqlInvariant): Promise<Violation | undefined> {
  const { id, name, meaning, sql } = invariant;
  const { rows } = await tx.query<{ offender: string; count: number }>({
    text: `SELECT offender, (count(*) OVER ())::integer AS count FROM (${sql}) AS offenders
      LIMIT ${offendersNamed}`,
    ...patience,
  });
  const [first] = rows;
  return (
    first && { id, name, meaning, count: first.count, offenders: rows.map((row) => row.offender) }
  );
}

// pg's own time-out for a response: as long as a timer can be.
const patience = { query_timeout: 2 ** 31 - 1 };

function violationOf(
  { id, name, meaning }: Invariant,
  offenders: readonly string[],
): Violation | undefined {
  if (offenders.length === 0) return undefined;
  const named = offenders.slice(0, offendersNamed);
  return { id, name, meaning, count: offenders.length, offenders: named };
}
