import type { Bench } from './bench.ts';

/** A row of the table: one thing that the platform does, and what it is compared with. */
export interface Row {
  /** The name on the command line, such as `earn`. */
  readonly id: string;
  readonly title: string;
  /** What is counted per second, such as "earns". */
  readonly unit: string;
  readonly aims: readonly Aim[];
  /**
   * Rows that share use the same services and take turns in every round, as their yardsticks do. A row of its own has
   * services of its own, and is measured while no others run.
   */
  readonly isShared: boolean;
  /** A row that takes too long to be part of the table is measured only when it is named. */
  readonly isOnlyNamed?: true;
  /** Overrides the rounds and windows of the table. */
  readonly effort?: (isQuick: boolean) => Effort;
  prepare(bench: Bench): Promise<PreparedRow>;
}

export interface Aim {
  /** The id of the contestant that is compared; the row's by default. */
  readonly from?: string;
  /** The id of the contestant that it is compared with. */
  readonly against: string;
  /** One of the details; the throughput when absent. */
  readonly of?: string;
  /** The other's detail, where it has another name. */
  readonly to?: string;
  /** The target ratio, as a bound from below or from above; without one, the ratio is only reported. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface PreparedRow {
  /** The platform first, then that of another revision, then whatever else only this row has. */
  readonly contestants: readonly Contestant[];
  /** Measured once a round, however many rows are compared with them. */
  readonly yardsticks: readonly Contestant[];
}

export interface Contestant {
  /** The row's id, that id with `@` and another revision's commit, or the letter of a yardstick. */
  readonly id: string;
  readonly title: string;
  measure(window: Window): Promise<Measurement>;
  /**
   * Checks, after the last round, whether what was acknowledged is what was stored. Returns what it found.
   *
   * @throws {Error} when it isn't
   */
  verify?(): Promise<string>;
}

/** How long a measurement takes. */
export interface Window {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Effort {
  readonly rounds: number;
  readonly window: Window;
  /** The warm-up of each contestant's first measurement, long enough for the JIT. */
  readonly firstWarmUpMs: number;
}

export interface Measurement {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly latencyMs?: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** Whatever else is worth keeping, by a name that ends in its unit. */
  readonly details: Readonly<Record<string, number>>;
}
