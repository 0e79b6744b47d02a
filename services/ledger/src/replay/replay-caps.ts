import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { CapCounts } from '../domain/earn.ts';
import type { Comparison } from './comparison.ts';
import type { StoredCapUsage } from './history.ts';

/** What the caps of one member have counted up to now. */
export class CapsReplay {
  readonly #used = new Map<string, { readonly cap: CapPeriod; readonly points: bigint }>();

  /** Keyed by rule id. */
  usedOf(caps: readonly CapPeriod[]): ReadonlyMap<string, bigint> {
    return new Map(caps.map((cap) => [cap.ruleId, this.#pointsOf(cap)]));
  }

  /** @param sign 1 to count, -1 to take back */
  count(caps: readonly CapPeriod[], counts: CapCounts | undefined, sign: bigint): void {
    if (counts === undefined) return;
    for (const cap of caps) {
      const points = this.#pointsOf(cap) + sign * (counts.get(cap.ruleId) ?? 0n);
      this.#used.set(capKey(cap), { cap, points });
    }
  }

  /** @param stored the usage that the ledger keeps */
  compareWith(stored: readonly StoredCapUsage[], comparison: Comparison): void {
    const { reviewedBy } = comparison;
    const keys = new Map(stored.map((usage) => [capKey(usage), usage]));
    for (const [key, { cap, points }] of this.#used) {
      const counted = [keys.get(key)?.points ?? 0n, points] as const;
      comparison.compare(capSubject(cap), { points: counted }, reviewedBy);
      keys.delete(key);
    }
    for (const usage of keys.values()) {
      comparison.compare(capSubject(usage), { points: [usage.points, 0n] }, reviewedBy);
    }
  }

  #pointsOf(cap: CapPeriod): bigint {
    return this.#used.get(capKey(cap))?.points ?? 0n;
  }
}

function capKey({ ruleId, period, start }: CapPeriod): string {
  return `${ruleId}\0${period}\0${start}`;
}

function capSubject({ ruleId, period, start }: CapPeriod): string {
  const since = Number.isFinite(start) ? ` since ${new Date(start).toISOString()}` : '';
  return `cap of ${ruleId === '' ? 'the rule set' : ruleId} per ${period}${since}`;
}
