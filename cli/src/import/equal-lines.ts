import { type Digest, wordsOf } from './content-id.ts';

/** Numbers lines that are equal in what identifies them. */
export interface EqualLines {
  /** Lines that equal an earlier one. */
  readonly count: number;
  /** The number of a line among those equal to it, from 1, by its place among all that were added. */
  numberOf(index: number): number;
}

const linesPerBlock = 65_536;

/** A column of numbers that grows by blocks: doubling it would hold it twice for a while. */
class NumberColumn {
  readonly #blocks: Uint32Array[] = [];

  get(index: number): number {
    return this.#blocks[Math.floor(index / linesPerBlock)]?.[index % linesPerBlock] ?? 0;
  }

  set(index: number, value: number): void {
    const block = Math.floor(index / linesPerBlock);
    this.#blocks[block] ??= new Uint32Array(linesPerBlock);
    this.#blocks[block][index % linesPerBlock] = value;
  }
}

/**
 * Gathers lines and numbers equal ones in their order. They can't be distinguished, so it makes no difference which of
 * them has which number.
 *
 * Takes 16 bytes a line at most, and 4 once they are numbered. A Map of lists took ten times as much.
 */
export class EqualLinesBuilder {
  readonly #high = new NumberColumn();
  readonly #low = new NumberColumn();
  #count = 0;

  /** @param digest of what identifies the line */
  add(digest: Digest): void {
    const [high, low] = wordsOf(digest);
    this.#high.set(this.#count, high);
    this.#low.set(this.#count, low);
    this.#count += 1;
  }

  build(): EqualLines {
    const order = new Uint32Array(this.#count).map((_, index) => index);
    sortInPlace(order, (left, right) => this.#compare(left, right));
    const numbers = new NumberColumn();
    let equal = 0;
    let number = 0;
    for (const [place, index] of order.entries()) {
      const before = order[place - 1];
      const isEqual = before !== undefined && this.#isSame(before, index);
      number = isEqual ? number + 1 : 1;
      if (isEqual) equal += 1;
      numbers.set(index, number);
    }
    return numbered(equal, numbers);
  }

  #isSame(left: number, right: number): boolean {
    return (
      this.#high.get(left) === this.#high.get(right) && this.#low.get(left) === this.#low.get(right)
    );
  }

  #compare(left: number, right: number): number {
    return (
      this.#high.get(left) - this.#high.get(right) ||
      this.#low.get(left) - this.#low.get(right) ||
      left - right
    );
  }
}

// Apart, so that what it makes doesn't keep the builder alive.
function numbered(count: number, numbers: NumberColumn): EqualLines {
  return { count, numberOf: (index) => numbers.get(index) };
}

/** Heapsort: the built-in sort with a comparison copies everything into an array of objects first. */
function sortInPlace(values: Uint32Array, compare: (left: number, right: number) => number): void {
  const at = (index: number) => values[index] as number;
  const swap = (left: number, right: number) => {
    const value = at(left);
    values[left] = at(right);
    values[right] = value;
  };
  const siftDown = (start: number, end: number) => {
    for (let parent = start; ; ) {
      let child = 2 * parent + 1;
      if (child >= end) return;
      if (child + 1 < end && compare(at(child), at(child + 1)) < 0) child += 1;
      if (compare(at(parent), at(child)) >= 0) return;
      swap(parent, child);
      parent = child;
    }
  };
  for (let start = Math.floor(values.length / 2) - 1; start >= 0; start -= 1) {
    siftDown(start, values.length);
  }
  for (let end = values.length - 1; end > 0; end -= 1) {
    swap(0, end);
    siftDown(0, end);
  }
}
