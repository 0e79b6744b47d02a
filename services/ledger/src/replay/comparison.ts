import type { Difference, ReplayedMember } from './history.ts';

/** What a replay has found to differ at one member. */
export class Comparison {
  readonly #member: ReplayedMember;
  readonly #differences: Difference[] = [];
  #reviewedBy: number | undefined;

  constructor(member: ReplayedMember) {
    this.#member = member;
  }

  get differences(): readonly Difference[] {
    return this.#differences;
  }

  /** The other engine that decided something otherwise, so that what follows from it can differ. */
  get reviewedBy(): number | undefined {
    return this.#reviewedBy;
  }

  /** @param decidedBy the number of the engine that decided what is stored, where it is an earlier one */
  compare(
    subject: string,
    fields: Readonly<Record<string, readonly [stored: unknown, derived: unknown]>>,
    decidedBy?: number,
  ): void {
    for (const [field, [one, other]] of Object.entries(fields)) {
      const [stored, derived] = [text(one), text(other)];
      if (stored === derived) continue;
      this.#reviewedBy ??= decidedBy;
      this.#differences.push({ ...this.#member, subject, field, stored, derived, decidedBy });
    }
  }

  /** What is stored can be anything: what can't be evaluated is named, and the rest of the journal is still derived. */
  attempt(subject: string, derive: () => void): void {
    try {
      derive();
    } catch (error) {
      const stored = `impossible to evaluate (${String(error)})`;
      this.compare(subject, { content: [stored, 'what can be evaluated'] });
    }
  }
}

/** A value as it is compared and shown. The order of an object's keys is no difference. */
function text(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'bigint') return String(value);
  return (
    JSON.stringify(value, (_key, part: unknown) => {
      if (typeof part === 'bigint' || part === Infinity || part === -Infinity) return String(part);
      if (part instanceof Map)
        return Object.fromEntries([...part].toSorted(([a], [b]) => (a < b ? -1 : 1)));
      if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'none'
  );
}
