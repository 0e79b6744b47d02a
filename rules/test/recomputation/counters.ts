import { type CounterId, counterKey } from '../engine-under-test.ts';
import { type Cap, type RuleSet, SET, type Usage } from './award.ts';
import type { Purchase } from './purchase.ts';

/** What each cap of a rule set has counted for one member, by period. */
export class Counters {
  readonly #caps: readonly { readonly id: string; readonly cap: Cap; readonly first: bigint }[];
  readonly #counted = new Map<string, bigint>();

  /** Begins every period with the given hundredths of each rule's cap, and the last ones of the rule set's. */
  constructor({ earnRules, cap }: RuleSet, hundredths: readonly number[]) {
    const all = earnRules.map((rule, index) => ({
      id: rule.ruleId,
      cap: rule.cap,
      share: hundredths[index],
    }));
    all.push({ id: SET, cap, share: hundredths.at(-1) });
    this.#caps = all.flatMap(({ id, cap: one, share = 0 }) =>
      one === undefined ? [] : [{ id, cap: one, first: BigInt(one.points * share) / 100n }],
    );
  }

  /** What the caps have counted in the periods of a purchase. */
  usedBefore(purchase: Purchase): Usage {
    const used = this.#caps.map(({ id, cap, first }): [string, bigint] => {
      return [id, this.#counted.get(keyOf(id, cap, purchase)) ?? first];
    });
    return Object.fromEntries(used);
  }

  add(purchase: Purchase, usage: Usage): void {
    const used = this.usedBefore(purchase);
    for (const { id, cap } of this.#caps) {
      this.#counted.set(keyOf(id, cap, purchase), (used[id] ?? 0n) + (usage[id] ?? 0n));
    }
  }
}

/** Answers the engine's questions, which must be about caps of the rule set and the period of the purchase. */
export function capUsed({ earnRules, cap }: RuleSet, purchase: Purchase, used: Usage) {
  const known = new Map<string, bigint>();
  for (const one of [...earnRules, { ruleId: SET, cap }]) {
    if (one.cap) known.set(keyOf(one.ruleId, one.cap, purchase), used[one.ruleId] ?? 0n);
  }
  return (...[ruleId, period, start]: CounterId): bigint => {
    const key = counterKey(ruleId, period, start);
    const count = known.get(key);
    if (count === undefined) throw new Error(`asks for the counter ${key}, which no cap has`);
    return count;
  };
}

/** Names the counters of usage as the engine does. */
export function byCounter({ earnRules, cap }: RuleSet, purchase: Purchase, usage: Usage): Usage {
  const caps = new Map(earnRules.map((rule) => [rule.ruleId, rule.cap])).set(SET, cap);
  const named = Object.entries(usage).map(([id, points]): [string, bigint] => {
    const one = caps.get(id);
    if (one === undefined) throw new Error(`${id} has no cap`);
    return [keyOf(id, one, purchase), points];
  });
  return Object.fromEntries(named);
}

function keyOf(id: string, { period }: Cap, { occurTime }: Purchase): string {
  return counterKey(id, period, periodStart(period, new Date(occurTime)));
}

/** Rule sets without a time zone count in UTC. Weeks start on Monday, and a lifetime has no beginning. */
function periodStart(period: Cap['period'], instant: Date): number {
  const [year, month, date] = [
    instant.getUTCFullYear(),
    instant.getUTCMonth(),
    instant.getUTCDate(),
  ];
  switch (period) {
    case 'DAY':
      return Date.UTC(year, month, date);
    case 'WEEK':
      return Date.UTC(year, month, date - ((instant.getUTCDay() + 6) % 7));
    case 'MONTH':
      return Date.UTC(year, month, 1);
    case 'LIFETIME':
      return Number.NEGATIVE_INFINITY;
  }
}
