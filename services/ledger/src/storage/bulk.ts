import type { QueryConfig } from 'pg';
import { arrayParameter, type Elements, type ElementType } from './array-parameter.ts';

/** The columns of a bulk statement: a PostgreSQL type each, and how a row's value is found. */
export type Columns<Row> = Readonly<Record<string, Column<Row>>>;

type Column<Row> = {
  [Type in ElementType]: readonly [
    type: Type,
    value: (row: Row) => Elements[Type] | null | undefined,
  ];
}[ElementType];

/**
 * Statements over any number of rows that are planned once: each column travels as one array, and `unnest` makes
 * rows of them again.
 */
export interface Bulk<Row> {
  /** Column names, comma separated. */
  readonly names: string;
  /** How many parameters the source has. */
  readonly parameters: number;
  /** `(SELECT unnest($1::bigint[]) AS membership_id, …) AS rows` */
  readonly source: string;
  /** The statement with the rows as its parameters, prepared once per connection under its name. */
  statement(name: string, text: string, rows: readonly Row[]): QueryConfig;
}

export function bulk<Row>(columns: Columns<Row>): Bulk<Row> {
  const entries = Object.entries(columns);
  const names = entries.map(([name]) => name).join(', ');
  // In the list of a SELECT, not in its FROM: there, PostgreSQL first writes each array into a table of its own, which took
  // a third of the time of an insert.
  const arrays = entries.map(
    ([name, [type]], index) => `unnest($${index + 1}::${type}[]) AS ${name}`,
  );
  return {
    names,
    parameters: entries.length,
    source: `(SELECT ${arrays.join(', ')}) AS rows`,
    statement: (name, text, rows) => ({
      name,
      text,
      values: entries.map(([, [type, value]]) => arrayParameter(rows, type, value)),
    }),
  };
}
