import type { Layer, Layered } from './layered-map.ts';

/** Numbers that were read, and what commands add to them. */
export class LayeredCounters<Name> implements Layered {
  readonly #read: ReadonlyMap<string, bigint>;
  readonly #kept: Additions<Name> = new Map();
  readonly #command: Additions<Name> = new Map();

  constructor(read: ReadonlyMap<string, bigint>) {
    this.#read = read;
  }

  /** What was read, and what has been added since. */
  get(key: string): bigint {
    return (this.#read.get(key) ?? 0n) + sumOf(this.#kept, key) + sumOf(this.#command, key);
  }

  /** @param name what the key stands for, which says which row to add to */
  add(key: string, addition: { name: Name; amount: bigint }, layer: Layer = 'command'): void {
    addTo(layer === 'command' ? this.#command : this.#kept, key, addition);
  }

  keep(): void {
    if (this.#command.size === 0) return;
    for (const [key, addition] of this.#command) addTo(this.#kept, key, addition);
    this.#command.clear();
  }

  drop(): void {
    this.#command.clear();
  }

  /** The sum to add to each row. */
  added(): { name: Name; amount: bigint }[] {
    return [...this.#kept.values()].filter(({ amount }) => amount !== 0n);
  }
}

type Additions<Name> = Map<string, { name: Name; amount: bigint }>;

function sumOf(additions: Additions<unknown>, key: string): bigint {
  return additions.get(key)?.amount ?? 0n;
}

function addTo<Name>(
  additions: Additions<Name>,
  key: string,
  { name, amount }: { name: Name; amount: bigint },
): void {
  additions.set(key, { name, amount: sumOf(additions, key) + amount });
}
