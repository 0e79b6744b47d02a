const initialBytes = 16 * 1024;
/** A larger buffer isn't kept for the next message. */
const keptBytesMax = 1024 * 1024;
/** Texts of so few characters are written one by one, which is faster than a call out of JavaScript. */
const shortTextMax = 127;

/** Writes the parts of protobuf's binary format into a buffer that it keeps from message to message. */
export class BinaryWriter {
  #bytes = Buffer.allocUnsafeSlow(initialBytes);
  #position = 0;

  begin(): void {
    this.#position = 0;
  }

  /** Everything since `begin`, in a buffer of its own. */
  finish(): Buffer {
    const written = Buffer.from(this.#bytes.subarray(0, this.#position));
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
    return written;
  }

  /** Begins something whose length comes before it; most is short, so one byte is left for it. */
  open(): number {
    this.#reserve(1);
    this.#position += 1;
    return this.#position;
  }

  close(start: number): void {
    const length = this.#position - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = varintBytes(length) - 1;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#position);
    this.#position = start - 1;
    this.varint(length);
    this.#position += length;
  }

  /** @param value a safe integer from 0 */
  varint(value: number): void {
    this.#reserve(8);
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 0x8000_0000) {
      bytes[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      bytes[this.#position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[this.#position++] = rest;
  }

  /** @param value an unsigned integer of 64 bits */
  longVarint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80n) {
      this.#bytes[this.#position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#position++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#position);
    this.#position += 8;
  }

  text(value: string): void {
    const { length } = value;
    if (length <= shortTextMax && this.#ascii(value)) return;
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.#reserve(bytes);
    this.#position += this.#bytes.write(value, this.#position);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#position);
    this.#position += value.length;
  }

  /** Writes a short text with its length, or nothing, and returns false, if it isn't ASCII. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    let position = this.#position;
    bytes[position++] = length;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[position++] = code;
    }
    this.#position = position;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
