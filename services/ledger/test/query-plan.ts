// What a plan of PostgreSQL, from EXPLAIN (FORMAT JSON), says about how much it reads.
import type pg from 'pg';

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly 'Join Filter'?: string;
  readonly 'Parent Relationship'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What is known of each index by its name. */
export type Indexes = ReadonlyMap<string, { firstColumn: string; predicate: string }>;

export async function readIndexes(client: pg.Client | pg.Pool): Promise<Indexes> {
  const { rows } = await client.query<{ name: string; firstColumn: string; predicate: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid, 1, true) AS "firstColumn",
       coalesce(pg_get_expr(indpred, indrelid), '') AS predicate
     FROM pg_index`,
  );
  return new Map(rows.map(({ name, ...index }) => [name, index]));
}

/** Which tables a plan reads by which indexes and conditions, in which order: the same for plans that do the same. */
export function outlineOf(plan: PlanNode): string {
  const type = plan['Node Type'].replace('Index Only Scan', 'Index Scan');
  const columns = Array.from(
    // The values that a column is compared with have other names in other plans.
    (plan['Index Cond'] ?? '').matchAll(/(?<=\()(ROW\([^)]*\)|\w+) (?:[<>=]+)/g),
    ([comparison]) => comparison,
  );
  const name = [type, plan['Relation Name'], plan['Index Name'], ...columns.toSorted()].filter(
    (part) => part !== undefined,
  );
  const inner = (plan.Plans ?? []).map(outlineOf);
  return name.join(' ') + (inner.length === 0 ? '' : ` (${inner.join('; ')})`);
}

/** Everything else reads whole tables, or keeps rows to compare all with all. */
const harmless: ReadonlySet<string> = new Set([
  ...['Index Scan', 'Index Only Scan', 'Nested Loop', 'Limit', 'LockRows', 'ModifyTable'],
  ...['Function Scan', 'Subquery Scan', 'CTE Scan', 'WorkTable Scan', 'ProjectSet', 'Result'],
  ...['Sort', 'Incremental Sort', 'Unique', 'Aggregate', 'WindowAgg'],
  ...['Append', 'Merge Append', 'Recursive Union'],
]);

/** Nodes that take from the one below no more rows than are taken from them, of a loop from the outer one. */
const pipelined: ReadonlySet<string> = new Set([
  ...['Limit', 'LockRows', 'Nested Loop', 'Subquery Scan', 'Result', 'Append', 'Merge Append'],
]);

const below: ReadonlySet<string> = new Set(['Outer', 'Member', 'Subquery']);

/**
 * Why the plan may read more and more while its tables grow; nothing, if it doesn't.
 *
 * An index must be entered by equality with its first column; or it is read in its order up to a limit, and every row
 * that it finds counts.
 */
export function offencesOf(plan: PlanNode, indexes: Indexes, isLimited = false): string[] {
  const type = plan['Node Type'];
  const own: string[] = [];
  if (!harmless.has(type)) own.push(`${type} ${plan['Relation Name'] ?? ''}`.trim());
  if (plan['Join Filter'] !== undefined) own.push(`${type} compares ${plan['Join Filter']}`);
  const index = plan['Index Name'];
  if (index !== undefined && !isBounded(plan, indexes.get(index), isLimited)) {
    own.push(`${type} of all of ${index}`);
  }
  const isPipelined = type === 'Limit' || (isLimited && pipelined.has(type));
  const others = (plan.Plans ?? []).flatMap((other) =>
    offencesOf(other, indexes, isPipelined && below.has(other['Parent Relationship'] ?? '')),
  );
  return [...own, ...others];
}

function isBounded(
  { 'Index Cond': condition = '', Filter: filter = '' }: PlanNode,
  index: { firstColumn: string; predicate: string } | undefined,
  isLimited: boolean,
): boolean {
  if (index === undefined) return false;
  if (condition.includes(`(${index.firstColumn} = `)) return true;
  // A condition of the index itself is checked once more for rows that are locked.
  return isLimited && index.predicate.includes(filter);
}
