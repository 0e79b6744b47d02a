/**
 * A request as it is on the wire, encoded once; only digits change from call to call. Encoding every request
 * would cost the load generator more than sending it.
 */
export interface FrameTemplate {
  /** Its bytes, base64: it crosses to another process as JSON. */
  readonly frame: string;
  readonly slots: readonly Slot[];
}

/** Decimal digits with leading zeros. */
interface Slot {
  readonly offset: number;
  readonly width: number;
  /** Random numbers below it are written; the numbers 0, 1, 2, … when absent. */
  readonly below?: number;
}

/** A run of zeros in the request that is a placeholder for a number. */
export interface Placeholder {
  /** The text before the zeros, wherever it occurs in the request. */
  readonly prefix: string;
  readonly width: number;
  readonly below?: number;
}

const prefixBytes = 5;

/** A gRPC message with its length prefix. */
export function grpcFrame(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(prefixBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** @throws {Error} when the frame has no such placeholder */
export function frameTemplate(frame: Buffer, placeholders: readonly Placeholder[]): FrameTemplate {
  const slots = placeholders.flatMap((placeholder) => slotsOf(frame, placeholder));
  return { frame: frame.toString('base64'), slots };
}

function slotsOf(frame: Buffer, { prefix, width, below }: Placeholder): Slot[] {
  const text = prefix + '0'.repeat(width);
  const slots: Slot[] = [];
  for (let at = frame.indexOf(text); at >= 0; at = frame.indexOf(text, at + text.length)) {
    const offset = at + Buffer.byteLength(prefix);
    slots.push(below === undefined ? { offset, width } : { offset, width, below });
  }
  if (slots.length === 0) throw new Error(`The request has no placeholder ${text}`);
  return slots;
}

/** Makes the next frame at each call. */
export function frameWriter({ frame, slots }: FrameTemplate): () => Buffer {
  const template = Buffer.from(frame, 'base64');
  let sequence = 0;
  return () => {
    const next = Buffer.from(template);
    for (const { offset, width, below } of slots) {
      const number = below === undefined ? sequence++ : Math.floor(Math.random() * below);
      writeDigits(next, { end: offset + width, width, number });
    }
    return next;
  };
}

function writeDigits(
  target: Buffer,
  { end, width, number }: { end: number; width: number; number: number },
): void {
  let rest = number;
  for (let index = end - 1; index >= end - width; index--) {
    target[index] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  if (rest > 0) throw new RangeError(`${number} has more than ${width} digits`);
}
