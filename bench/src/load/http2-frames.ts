// The little of HTTP/2 (RFC 9113) and HPACK (RFC 7541) that unary gRPC calls need. The constants are theirs.

export const frameTypes = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const flags = { endStream: 0x1, ack: 0x1, endHeaders: 0x4 } as const;

export const initialWindow = 65_535;
export const framePayloadMax = 16_384;
const windowMax = 2 ** 31 - 1;
const headBytes = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function encodeFrame(frame: Frame): Buffer {
  const { type, streamId, payload } = frame;
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = frame.flags;
  bytes.writeUInt32BE(streamId, 5);
  payload.copy(bytes, headBytes);
  return bytes;
}

/** Calls `take` with each frame that is complete, in order. */
export function frameReader(take: (frame: Frame) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    while (bytes.length - start >= headBytes) {
      const end = start + headBytes + bytes.readUIntBE(start, 3);
      if (end > bytes.length) break;
      take({
        type: bytes.readUInt8(start + 3),
        flags: bytes.readUInt8(start + 4),
        streamId: bytes.readUInt32BE(start + 5),
        payload: bytes.subarray(start + headBytes, end),
      });
      start = end;
    }
    rest = bytes.subarray(start);
  };
}

/**
 * What a client sends first. The server is asked to compress headers without memory, so that a status can be read
 * without the headers before it, and given leave to send two gigabytes, more than a run receives.
 */
export function connectionPreface(): Buffer {
  const settings = Buffer.alloc(18);
  const pairs = [
    [0x1, 0], // SETTINGS_HEADER_TABLE_SIZE
    [0x2, 0], // SETTINGS_ENABLE_PUSH
    [0x4, windowMax], // SETTINGS_INITIAL_WINDOW_SIZE
  ] as const;
  for (const [index, [name, value]] of pairs.entries()) {
    settings.writeUInt16BE(name, index * 6);
    settings.writeUInt32BE(value, index * 6 + 2);
  }
  const increment = Buffer.alloc(4);
  increment.writeUInt32BE(windowMax - initialWindow);
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    encodeFrame({ type: frameTypes.settings, flags: 0, streamId: 0, payload: settings }),
    encodeFrame({ type: frameTypes.windowUpdate, flags: 0, streamId: 0, payload: increment }),
  ]);
}

/** The same header block for every call of a connection: in full once, by reference after that. */
export function headerBlocks(fields: readonly (readonly [name: string, value: string])[]): {
  first: Buffer;
  later: Buffer;
} {
  const post = 0x83;
  const http = 0x86;
  const first = fields.flatMap(([name, value]) => [
    Buffer.from([0x40]), // a literal that is added to the table
    lengthPrefixed(name),
    lengthPrefixed(value),
  ]);
  // The table begins behind 61 fixed entries with what was added last.
  const references = fields.map((_, index) => 0x80 + 61 + fields.length - index);
  return {
    first: Buffer.concat([Buffer.from([post, http]), ...first]),
    later: Buffer.from([post, http, ...references]),
  };
}

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

// "grpc-status" in the Huffman code of HPACK. Its value, one or two digits, is never shorter in that code.
const statusName = Buffer.from('889acac8b21234da8f', 'hex');

/** The value of `grpc-status` in a header block; undefined when there is none. */
export function grpcStatusIn(block: Buffer): string | undefined {
  const at = block.indexOf(statusName);
  if (at < 0) return undefined;
  const start = at + statusName.length;
  return block.toString('latin1', start + 1, start + 1 + block.readUInt8(start));
}
