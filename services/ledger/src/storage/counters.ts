/** Numbers of a database, and what a transaction adds to them. */
export interface Counters<Name> {
  /** What was read, and what has been added since. */
  get(key: string): bigint;
  add(key: string, name: Name, amount: bigint): void;
  /** The sum to add to each row. */
  added(): [name: Name, amount: bigint][];
}

export function createCounters<Name>(read: ReadonlyMap<string, bigint>): Counters<Name> {
  const additions = new Map<string, [Name, bigint]>();
  return {
    get: (key) => (read.get(key) ?? 0n) + (additions.get(key)?.[1] ?? 0n),
    add(key, name, amount) {
      additions.set(key, [name, (additions.get(key)?.[1] ?? 0n) + amount]);
    },
    added: () => [...additions.values()].filter(([, amount]) => amount !== 0n),
  };
}
