/** Something that is true of every ledger at every instant, however many database transactions are under way. */
export interface Invariant {
  readonly id: `I${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;
  readonly name: string;
  /** One sentence. */
  readonly meaning: string;
}

/** An invariant of the database alone. */
export interface SqlInvariant extends Invariant {
  /** A SELECT of one text column, `offender`: nothing where the invariant holds. */
  readonly sql: string;
}

/** An invariant that doesn't hold. */
export interface Violation extends Invariant {
  /** How many offenders there are. */
  readonly count: number;
  /** Which, and with what numbers; at most {@link offendersNamed}. */
  readonly offenders: readonly string[];
}

export const offendersNamed = 20;
