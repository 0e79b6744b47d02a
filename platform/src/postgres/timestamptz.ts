// Instants in columns of the type timestamptz: milliseconds since 1970, or an infinite number.

/** A timestamptz as pg reads it: a number if it is infinite. */
export type Timestamp = Date | number;

/** The columns of a row as they are written: instants as {@link timestamptz} makes them. */
export type Written<Row> = {
  [Column in keyof Row]: Date extends Row[Column]
    ? Exclude<Row[Column], Date> | string
    : Row[Column];
};

// Most rows of a batch carry the instant of its commit, and formatting takes longer than all else about a column.
let latest: { readonly instant: number; readonly text: string } = { instant: 0, text: textOf(0) };

/** An instant as PostgreSQL reads it. */
export function timestamptz(instant: number): string {
  if (instant === Number.POSITIVE_INFINITY) return 'infinity';
  if (instant === Number.NEGATIVE_INFINITY) return '-infinity';
  if (instant !== latest.instant) latest = { instant, text: textOf(instant) };
  return latest.text;
}

function textOf(instant: number): string {
  return new Date(instant).toISOString();
}

export function timestamptzOrNull(value: number | undefined): string | null {
  return value === undefined ? null : timestamptz(value);
}

/** The instant of a column. */
export function instant(value: Timestamp): number {
  return Number(value);
}

/** The instant of a column that may be NULL. */
export function instantOrUndefined(value: Timestamp | null): number | undefined {
  return value === null ? undefined : instant(value);
}

/** What {@link timestamptz} wrote, as an instant again. */
export function instantOfText(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  return Date.parse(text);
}
