import { BitSet } from './bit-set.ts';
import { type Digest, digestOf, wordsOf } from './content-id.ts';

/** A line as far as its id is concerned. */
export interface IdentifiedLine {
  readonly id: string;
  readonly content: readonly string[];
  /** Whether it may be a refund that has the id of its purchase. */
  readonly mayBeRefund?: boolean;
}

/** Which lines have an id that others have too, by their place among all lines. */
export interface SharedIds {
  /** Lines whose id also occurs with other content. */
  readonly conflicting: BitSet;
  /** Those of them whose id also occurs with what may be a refund. */
  readonly besideRefunds: BitSet;
  /** Lines that only repeat an earlier one. */
  readonly repeated: BitSet;
}

/** Ids that are compared in one reading of the file; more are compared in further readings. */
const idsAtOnceMax = 1_400_000;
const idsAtOnceMin = 1_000;
/** Most lines are longer; where they aren't, further readings find the rest. */
const lineBytes = 8;

/** For how many ids a file needs room. Touching more memory than that took a tenth of the time of an import of 50,000 lines. */
export function idsAtOnceOf(sizeBytes: number): number {
  return Math.min(Math.max(Math.ceil(sizeBytes / lineBytes), idsAtOnceMin), idsAtOnceMax);
}

/** The end of the range of a digest's first word. */
const prefixEnd = 2 ** 32;

type ReadLines = () => AsyncIterable<readonly (IdentifiedLine | undefined)[]>;

/**
 * Finds lines that share an id. Rather than keep all ids, it reads the lines again: memory is 36 MB at most, however many there
 * are, and three bits a line. The lines must be the same in each reading; one without an id is undefined.
 */
export async function findSharedIds(
  readLines: ReadLines,
  { idsAtOnce }: { idsAtOnce: number },
): Promise<SharedIds> {
  const shared = {
    conflicting: new BitSet(),
    besideRefunds: new BitSet(),
    repeated: new BitSet(),
  };
  for (let from = 0; from < prefixEnd; ) {
    const table = new IdTable({ from, to: prefixEnd, capacity: idsAtOnce });
    await forEachLine(readLines, (line, identified) => {
      if (table.compare(digestOf([identified.id]), identified) === 'repeated') {
        shared.repeated.add(line);
      }
    });
    if (table.hasConflicts) {
      // Only now is it known of the first of them, and of those that repeat it.
      await forEachLine(readLines, (line, { id }) => {
        const digest = digestOf([id]);
        if (!table.isConflicting(digest)) return;
        shared.conflicting.add(line);
        if (table.isBesideRefund(digest)) shared.besideRefunds.add(line);
      });
    }
    from = table.to;
  }
  return shared;
}

async function forEachLine(
  readLines: ReadLines,
  take: (line: number, identified: IdentifiedLine) => void,
): Promise<void> {
  let line = 0;
  for await (const lines of readLines()) {
    for (const identified of lines) {
      if (identified !== undefined) take(line, identified);
      line += 1;
    }
  }
}

/** Bits of a slot; it has none while it is empty. */
const states = { known: 1, conflicting: 2, besideRefund: 4 } as const;
const wordsPerSlot = 4;

/**
 * A hash table of fixed size: ids by eight bytes of their digests, each with those of the content that it first stood
 * before. It takes the ids whose digests begin within a range, and narrows the range when there are too many.
 */
class IdTable {
  readonly #from: number;
  #to: number;
  readonly #capacity: number;
  readonly #slots: number;
  #words: Uint32Array;
  #states: Uint8Array;
  #count = 0;
  #conflicts = 0;

  constructor({ from, to, capacity }: { from: number; to: number; capacity: number }) {
    this.#from = from;
    this.#to = to;
    this.#capacity = capacity;
    this.#slots = 2 ** Math.ceil(Math.log2(capacity * 1.4));
    this.#words = new Uint32Array(this.#slots * wordsPerSlot);
    this.#states = new Uint8Array(this.#slots);
  }

  /** Where the range ends by now. */
  get to(): number {
    return this.#to;
  }

  get hasConflicts(): boolean {
    return this.#conflicts > 0;
  }

  /** Compares a line with the first one of the same id. */
  compare(
    id: Digest,
    { content, mayBeRefund = false }: Omit<IdentifiedLine, 'id'>,
  ): 'first' | 'repeated' | 'other' {
    const [high, low] = wordsOf(id);
    if (!this.#isWithin(high)) return 'other';
    if (this.#count === this.#capacity) this.#narrow();
    if (!this.#isWithin(high)) return 'other';
    const [contentHigh, contentLow] = wordsOf(digestOf(content));
    const entry = [high, low, contentHigh, contentLow] as const;
    const slot = this.#slotOf(high, low);
    const refund = mayBeRefund ? states.besideRefund : 0;
    const state = this.#states[slot] ?? 0;
    if (state === 0) {
      this.#put(slot, entry, states.known | refund);
      return 'first';
    }
    this.#states[slot] = state | refund;
    const at = slot * wordsPerSlot;
    if (this.#words[at + 2] === entry[2] && this.#words[at + 3] === entry[3]) return 'repeated';
    if ((state & states.conflicting) === 0) {
      this.#states[slot] = state | refund | states.conflicting;
      this.#conflicts += 1;
    }
    return 'other';
  }

  isConflicting(id: Digest): boolean {
    return this.#has(id, states.conflicting);
  }

  isBesideRefund(id: Digest): boolean {
    return this.#has(id, states.besideRefund);
  }

  #has(id: Digest, bit: number): boolean {
    const [high, low] = wordsOf(id);
    return this.#isWithin(high) && ((this.#states[this.#slotOf(high, low)] ?? 0) & bit) !== 0;
  }

  /** Whether an id's digest begins within the range, by its first word. */
  #isWithin(high: number): boolean {
    return high >= this.#from && high < this.#to;
  }

  /** Where the id is, or would be put. */
  #slotOf(high: number, low: number): number {
    let slot = low & (this.#slots - 1);
    for (;;) {
      if (this.#states[slot] === 0) return slot;
      const at = slot * wordsPerSlot;
      if (this.#words[at] === high && this.#words[at + 1] === low) return slot;
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #put(slot: number, entry: ArrayLike<number>, state: number): void {
    // `set` of a typed array takes twenty times as long for so few.
    for (let word = 0; word < wordsPerSlot; word += 1) {
      this.#words[slot * wordsPerSlot + word] = entry[word] ?? 0;
    }
    this.#states[slot] = state;
    this.#count += 1;
    if ((state & states.conflicting) !== 0) this.#conflicts += 1;
  }

  /** Forgets the upper half of the range, until there is room. */
  #narrow(): void {
    while (this.#count === this.#capacity) {
      const [words, present] = [this.#words, this.#states];
      this.#to = this.#from + Math.ceil((this.#to - this.#from) / 2);
      this.#words = new Uint32Array(words.length);
      this.#states = new Uint8Array(present.length);
      this.#count = 0;
      this.#conflicts = 0;
      for (const [slot, state] of present.entries()) {
        const entry = words.subarray(slot * wordsPerSlot, (slot + 1) * wordsPerSlot);
        const [high = 0, low = 0] = entry;
        if (state === 0 || high >= this.#to) continue;
        this.#put(this.#slotOf(high, low), entry, state);
      }
    }
  }
}
