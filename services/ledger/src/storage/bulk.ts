import type { QueryConfig } from 'pg';

type Value = bigint | number | boolean | string | Uint8Array | null | undefined;

/** The columns of a bulk statement: a PostgreSQL type each, and how a row's value is found. */
export type Columns<Row> = Readonly<
  Record<string, readonly [type: string, value: (row: Row) => Value]>
>;

/**
 * Statements over any number of rows that are planned once: each column travels as one array, and `unnest` makes
 * rows of them again.
 */
export interface Bulk<Row> {
  /** Column names, comma separated. */
  readonly names: string;
  /** How many parameters the source has. */
  readonly parameters: number;
  /** `unnest($1::bigint[], …) AS rows (membership_id, …)` */
  readonly source: string;
  /** The statement with the rows as its parameters, prepared once per connection under its name. */
  statement(name: string, text: string, rows: readonly Row[]): QueryConfig;
}

export function bulk<Row>(columns: Columns<Row>): Bulk<Row> {
  const entries = Object.entries(columns);
  const names = entries.map(([name]) => name).join(', ');
  const arrays = entries.map(([, [type]], index) => `$${index + 1}::${type}[]`).join(', ');
  return {
    names,
    parameters: entries.length,
    source: `unnest(${arrays}) AS rows (${names})`,
    statement: (name, text, rows) => ({
      name,
      text,
      values: entries.map(([, [type, value]]) => arrayOf(rows, type, value)),
    }),
  };
}

/** Types whose values never have to be quoted within an array. */
const unquoted: ReadonlySet<string> = new Set([
  'bigint',
  'integer',
  'smallint',
  'boolean',
  'timestamptz',
]);

/**
 * A column as a parameter. pg makes arrays too, but looks at the kind of every element and escapes each twice; this takes
 * half of that. A column without values is sent as NULL: `unnest` fills up the shorter of its arrays.
 */
function arrayOf<Row>(
  rows: readonly Row[],
  type: string,
  value: (row: Row) => Value,
): string | null {
  const elementOf = unquoted.has(type) ? String : quoted;
  let isNull = true;
  let previous: Value;
  let previousElement = 'NULL';
  const elements = rows.map((row) => {
    const next = value(row) ?? undefined;
    // Most columns have one value in all rows of a batch.
    if (next !== previous) {
      previousElement = next === undefined ? 'NULL' : elementOf(next);
      previous = next;
      isNull = false;
    }
    return previousElement;
  });
  return isNull ? null : `{${elements.join(',')}}`;
}

const escaped = /["\\]/g;

function quoted(value: Exclude<Value, null | undefined>): string {
  if (value instanceof Uint8Array) return `\\\\x${hexOf(value)}`;
  return `"${String(value).replace(escaped, '\\$&')}"`;
}

function hexOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}
