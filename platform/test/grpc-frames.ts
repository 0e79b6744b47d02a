import { connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';

export interface RawAnswer {
  /** `grpc-status`, wherever it came; undefined if the stream was reset. */
  status: number | undefined;
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
}

export interface RawRequest {
  path: string;
  headers?: Record<string, string>;
  body: Buffer;
  /** Ends the connection after the body instead of ending the request. */
  hangUp?: boolean;
  /** Sends the body and leaves the request open. */
  neverEnds?: boolean;
  /** Resets the stream once there is a status. */
  leavesAtStatus?: boolean;
}

/** One gRPC message as it stands on the wire. */
export function grpcFrame(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(compressed ? 1 : 0, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Sends bytes that no well-behaved client would send. */
export function callRaw(origin: string, request: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const session = connect(origin);
    const answer: RawAnswer = { status: undefined, headers: {}, trailers: {} };
    const note = (headers: IncomingHttpHeaders) => {
      const status = headers['grpc-status'];
      if (status === undefined) return;
      answer.status = Number(status);
      if (request.leavesAtStatus === true) stream.close(constants.NGHTTP2_CANCEL);
    };
    session.on('error', () => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': request.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...request.headers,
    });
    stream.on('response', (headers) => {
      answer.headers = headers;
      note(headers);
    });
    stream.on('trailers', (trailers) => {
      answer.trailers = trailers;
      note(trailers);
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      session.close();
      resolve(answer);
    });
    stream.resume();
    if (request.hangUp === true) {
      stream.write(request.body, () => stream.close(constants.NGHTTP2_CANCEL));
    } else if (request.neverEnds === true) {
      stream.write(request.body);
    } else {
      stream.end(request.body);
    }
  });
}

const frameTypes = { data: 0, headers: 1, settings: 4 } as const;
const flags = { endStream: 1, endHeaders: 4 } as const;

/**
 * The `grpc-status` of a call with an empty message, written byte by byte: `node:http2` sends no header `authorization` twice.
 */
export async function statusOfRawCall(
  address: string,
  { path, tokens }: { path: string; tokens: readonly string[] },
): Promise<string | undefined> {
  const socket = connectSocket(Number(address.split(':').at(-1)), '127.0.0.1');
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', address],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...tokens.map((token) => ['authorization', token]),
  ];
  // Literals that no table knows, without Huffman coding: RFC 7541, 6.2.2.
  const block = fields.flatMap((field) => [Buffer.from([0]), ...field.map(lengthPrefixed)]);
  socket.write(
    Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      http2Frame(frameTypes.settings, { streamId: 0 }),
      http2Frame(frameTypes.headers, {
        streamId: 1,
        flags: flags.endHeaders,
        payload: Buffer.concat(block),
      }),
      http2Frame(frameTypes.data, {
        streamId: 1,
        flags: flags.endStream,
        payload: grpcFrame(new Uint8Array()),
      }),
    ]),
  );
  let received: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    const status = statusIn(received);
    if (status !== undefined) return status;
  }
  return undefined;
}

function http2Frame(
  type: number,
  options: { streamId: number; flags?: number; payload?: Buffer },
): Buffer {
  const { streamId, flags: set = 0, payload = Buffer.alloc(0) } = options;
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(set, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** A text with its length, an integer with a prefix of seven bits: RFC 7541, 5.1. */
function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = [Math.min(bytes.length, 127)];
  if (bytes.length >= 127) {
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

// "grpc-status" in the Huffman code of HPACK, as Node writes it. Its value, one or two digits, is written as it is.
const statusName = Buffer.from('889acac8b21234da8f', 'hex');

function statusIn(received: Buffer): string | undefined {
  const at = received.indexOf(statusName);
  const start = at + statusName.length;
  if (at < 0 || received.length < start + 3) return undefined;
  return received.toString('latin1', start + 1, start + 1 + received.readUInt8(start));
}
