const bitsPerBlock = 524_288;

/** A set of numbers from 0 that takes a bit for each number up to the largest. */
export class BitSet {
  readonly #blocks: Uint8Array[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(value: number): boolean {
    const block = this.#blocks[Math.floor(value / bitsPerBlock)];
    const bit = value % bitsPerBlock;
    return block !== undefined && ((block[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  add(value: number): void {
    if (this.has(value)) return;
    const index = Math.floor(value / bitsPerBlock);
    const block = this.#blocks[index] ?? new Uint8Array(bitsPerBlock / 8);
    this.#blocks[index] = block;
    const bit = value % bitsPerBlock;
    block[bit >> 3] = (block[bit >> 3] ?? 0) | (1 << (bit & 7));
    this.#count += 1;
  }
}
