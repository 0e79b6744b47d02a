import type { Revision } from './machine/revision.ts';
import type { Stage } from './machine/stage.ts';

/** A row of the table: one thing that the platform does, and what it is compared with. */
export interface Row {
  /** As in `npm run bench -- earn`. */
  readonly id: string;
  readonly title: string;
  /** What is counted per second, such as "earns". */
  readonly unit: string;
  /** What the first contestant is compared with. */
  readonly aims: readonly Aim[];
  /** Whether another revision of the platform can be one of the contestants. */
  readonly takesRevision: boolean;
  prepare(stage: Stage, options: PrepareOptions): Promise<PreparedRow>;
}

export interface Aim {
  /** A contestant's id. */
  readonly against: string;
  /** One of the details; the throughput when absent. */
  readonly of?: string;
  /** The target ratio; when absent, the ratio is only reported. */
  readonly atLeast?: number;
}

export interface PrepareOptions {
  /** Arguments for the Node of the service that the row is about, for a profiler. */
  readonly nodeArgs: readonly string[];
  /** Another revision to measure beside this one, as a contestant whose id is its commit. */
  readonly revision: Revision | undefined;
}

export interface PreparedRow {
  /** The platform first, then its yardsticks. */
  readonly contestants: readonly Contestant[];
  /**
   * Checks, after the last round, whether what was acknowledged is what was stored. Returns what it found.
   *
   * @throws {Error} when it isn't
   */
  verify(): Promise<string>;
}

export interface Contestant {
  /** "earn", or the letter of a yardstick. */
  readonly id: string;
  readonly title: string;
  measure(window: Window): Promise<Measurement>;
}

/** How long a measurement takes. */
export interface Window {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface Measurement {
  readonly perSecond: number;
  readonly latencyMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Whatever else is worth keeping, by a name that ends in its unit. */
  readonly details: Readonly<Record<string, number>>;
}
