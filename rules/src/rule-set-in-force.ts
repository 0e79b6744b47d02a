import type { Instant } from './instant.ts';

/** How far the clocks of the platform's processes, and of backends, may differ before purchases are refused for it. */
export const CLOCK_DIFFERENCE_MS_MAX = 5 * 60 * 1000;

interface Timed {
  readonly effectiveTime: Instant | undefined;
}

/**
 * The version that a transaction earns under: the one in force when it happened, but never a later one than is in force
 * now; transactions from before the first version use the first. Undefined while no version is in force.
 *
 * Takes published versions in the order of their effective times, without withdrawn ones.
 */
export function ruleSetInForce<Version extends Timed>(
  versions: readonly Version[],
  occurTime: Instant,
  now: Instant,
): Version | undefined {
  const begun = begunVersions(versions, now);
  const inForce = begun.findLast(
    ({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= occurTime,
  );
  return inForce ?? begun[0];
}

/**
 * The versions that have come into force by now. Where none has, it is the first one if it is about to: a program is
 * activated only once a version is in force, so that it is our clock that is behind.
 */
export function begunVersions<Version extends Timed>(
  versions: readonly Version[],
  now: Instant,
): Version[] {
  const by = (instant: Instant) =>
    versions.filter(({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= instant);
  const begun = by(now);
  return begun.length > 0 ? begun : by(now + CLOCK_DIFFERENCE_MS_MAX).slice(0, 1);
}
