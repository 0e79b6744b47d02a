// Forms of SQL that leave PostgreSQL one plan. The settings of the service's sessions forbid whole-table scans and the
// joins that need them, but not every bad plan: planned while a table is empty or small, a join by equality may read
// all of the table's index and look each of its rows up among the parameters, and a prepared statement keeps that plan
// while the table grows. See docs/database.md.

/**
 * Ends a subquery that is to be run for each row before it (`CROSS JOIN LATERAL`) and by no other plan. PostgreSQL merges
 * other subqueries into the outer query, and then chooses an order of the tables itself.
 */
export const perRow = 'OFFSET 0';

/**
 * Where the table's row is that of `rows` by its key, for UPDATE and DELETE, whose own table can't be LATERAL. PostgreSQL
 * can only look up what is compared with ANY of an array, so that no order but rows first is left; it costs 0.3 µs a row,
 * of 5. For the other columns of the key, equality is right.
 */
export function sameKey(table: string, [first, ...others]: readonly string[]): string {
  return [
    `${table}.${first} = ANY (ARRAY[rows.${first}])`,
    ...others.map((column) => `${table}.${column} = rows.${column}`),
  ].join(' AND ');
}
