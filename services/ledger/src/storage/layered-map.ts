/** Something that has to be written, and what it was when it was read, if it was there. */
export interface Changed<Value> {
  readonly before: Value | undefined;
  readonly after: Value;
}

/** What the commands of a batch change: the running command in a layer of its own, which is kept or dropped as a whole. */
export interface Layered {
  /** Keeps the layer's changes, and begins a new layer. */
  keep(): void;
  /** Forgets the layer's changes. */
  drop(): void;
}

/** Whether a change is the running command's, or is kept whatever becomes of the command. */
export type Layer = 'command' | 'kept';

/** Values that were read, and what they become. Nothing is copied but what changes. */
export class LayeredMap<Key, Value extends {}> implements Layered {
  readonly #read: ReadonlyMap<Key, Value>;
  readonly #kept = new Map<Key, Value>();
  readonly #command = new Map<Key, Value>();

  constructor(read: ReadonlyMap<Key, Value>) {
    this.#read = read;
  }

  get(key: Key): Value | undefined {
    return this.#command.get(key) ?? this.#kept.get(key) ?? this.#read.get(key);
  }

  set(key: Key, value: Value, layer: Layer = 'command'): void {
    (layer === 'command' ? this.#command : this.#kept).set(key, value);
  }

  /** Where the value of a key was changed last; a value that was only read is kept in any case. */
  layerOf(key: Key): Layer {
    return this.#command.has(key) ? 'command' : 'kept';
  }

  keep(): void {
    if (this.#command.size === 0) return;
    for (const [key, value] of this.#command) this.#kept.set(key, value);
    this.#command.clear();
  }

  drop(): void {
    this.#command.clear();
  }

  /** All changes that were kept. */
  changed(): Changed<Value>[] {
    return [...this.#kept].map(([key, after]) => ({ before: this.#read.get(key), after }));
  }
}
