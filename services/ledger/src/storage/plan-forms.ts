// Forms of SQL that leave PostgreSQL one plan. The settings of the service's sessions forbid whole-table scans, but not
// every bad plan: while a table is empty or small, a join by equality may start from it, read its index from one end to the
// other and compare each row with the parameters; a prepared statement keeps that plan while the table grows. See
// docs/database.md.

/**
 * Ends a subquery that is run once for each row of what stands before it (`CROSS JOIN LATERAL`). Without it, PostgreSQL
 * merges the subquery into the query around it and chooses an order of the tables itself.
 */
export const perRow = 'OFFSET 0';

/**
 * The condition that a row of the table has the key of a row of `rows`, for UPDATE and DELETE, whose own table can't be
 * LATERAL. The first column is compared with ANY of an array: PostgreSQL makes no hash or merge join of that and sees no use
 * in the order of the index, so that a look-up for each row of `rows` is all that is left. It costs 0.3 µs a row, of 5.
 */
export function sameKey(table: string, [first, ...others]: readonly string[]): string {
  return [
    `${table}.${first} = ANY (ARRAY[rows.${first}])`,
    ...others.map((column) => `${table}.${column} = rows.${column}`),
  ].join(' AND ');
}
