import type { PostedEarn, PurchaseName } from '../app/ledger-store.ts';
import { compareBytes } from './byte-order.ts';
import { earnColumns, refundColumns } from './earn-rows.ts';
import type { LedgerChanges } from './locked-ledger.ts';
import { sameKey } from './plan-forms.ts';

// In the order of the rows, which are sorted already: PostgreSQL would copy all columns of each to do that.
const insertEarns = `INSERT INTO earns (${earnColumns.names})
  SELECT * FROM ${earnColumns.source}`;

const updateEarns = `UPDATE earns SET
    state = rows.state,
    membership_id = rows.membership_id,
    sequence = rows.sequence,
    fingerprint = rows.fingerprint,
    rule_set_version = rows.rule_set_version,
    semantics = rows.semantics,
    facts = rows.facts,
    points = rows.points,
    reversed_points = rows.reversed_points,
    cap_counts = rows.cap_counts,
    explanation = rows.explanation,
    available_at = rows.available_at,
    expires_at = rows.expires_at,
    lot_class = rows.lot_class,
    post_time = rows.post_time,
    transaction = rows.transaction
  FROM ${earnColumns.source}
  WHERE ${sameKey('earns', ['program_id', 'transaction_id'])}`;

// One statement for both: an insert waits for another's of the same key like a lock does, so that two statements, each
// in the order of its keys, could meet those of another database transaction in a deadlock.
const insertEarnsAndAwaited = `INSERT INTO earns (${earnColumns.names})
  SELECT * FROM ${earnColumns.source}
  UNION ALL
  SELECT ${awaitedValues(earnColumns.names)}
  FROM unnest(
    $${earnColumns.parameters + 1}::text[], $${earnColumns.parameters + 2}::text[]
  ) AS awaited (program_id, transaction_id)
  ORDER BY program_id, transaction_id`;

function awaitedValues(names: string): string {
  const known: Record<string, string> = {
    program_id: 'program_id',
    transaction_id: 'transaction_id',
    state: "'AWAITED'",
  };
  return names
    .split(', ')
    .map((name) => known[name] ?? 'NULL')
    .join(', ');
}

/** The order in which PostgreSQL has them in `insert_earns_and_awaited`: that of their bytes. */
function byKey(left: PurchaseName, right: PurchaseName): number {
  return (
    compareBytes(left.programId, right.programId) ||
    compareBytes(left.transactionId, right.transactionId)
  );
}

function insertStatement(posted: readonly PostedEarn[], awaited: readonly PurchaseName[]) {
  if (awaited.length === 0) {
    return earnColumns.statement('insert_earns', insertEarns, posted.toSorted(byKey));
  }
  const name = 'insert_earns_and_awaited';
  const statement = earnColumns.statement(name, insertEarnsAndAwaited, posted);
  const names = [
    awaited.map(({ programId }) => programId),
    awaited.map(({ transactionId }) => transactionId),
  ];
  return { ...statement, values: [...(statement.values ?? []), ...names] };
}

const upsertRefunds = `INSERT INTO refunds (${refundColumns.names})
  SELECT * FROM ${refundColumns.source}
  ON CONFLICT ON CONSTRAINT refunds_pkey DO UPDATE SET
    state = excluded.state,
    points = excluded.points,
    taken = excluded.taken,
    lapsed = excluded.lapsed,
    owed = excluded.owed,
    forgiven = excluded.forgiven`;

/** Writes credits, the purchases for which only a refund has arrived, and refunds. */
export function earnStatements({ earns, newlyAwaited, refunds }: LedgerChanges) {
  const after = (changed: LedgerChanges['earns']) =>
    changed.flatMap((earn) => (earn.after === 'AWAITED' ? [] : [earn.after]));
  const posted = after(earns.filter(({ before }) => before === undefined));
  const updated = after(earns.filter(({ before }) => before !== undefined));
  return [
    posted.length + newlyAwaited.length > 0 ? insertStatement(posted, newlyAwaited) : undefined,
    updated.length > 0 ? earnColumns.statement('update_earns', updateEarns, updated) : undefined,
    refunds.length > 0
      ? refundColumns.statement('upsert_refunds', upsertRefunds, refunds)
      : undefined,
  ];
}
