import type { Compression, UniversalServerRequest } from '@connectrpc/connect/protocol';

/** A request's message, unframed and uncompressed but not decoded; or why there is none. */
export type RawBody = RawMessage | MissingMessage;

interface MissingMessage {
  readonly problem: string;
  /** Whether the body, as sent, is larger than allowed. */
  readonly isTooLarge?: true;
}

interface RawMessage {
  readonly bytes: Uint8Array;
  readonly format: 'proto' | 'json';
}

interface Framing {
  format: RawMessage['format'];
  /** gRPC and gRPC-Web put five bytes before the message: a flag and the length. */
  enveloped: boolean;
}

const contentTypePattern =
  /^application\/(?:(?<unary>proto|json)|grpc(?:-web)?(?:\+(?<enveloped>proto|json))?)(?:\s*;.*)?$/i;
const prefixBytes = 5;
const emptyMessage = { proto: '', json: '{}' };

/**
 * Takes the message out of a request and leaves an empty one in its place. The Connect library would decode the message
 * before the caller is authenticated, and respond to what can't be decoded, is badly framed or too large without a
 * reason. An unknown content type is left to it, because it says which ones there are.
 */
export async function takeBody(
  request: UniversalServerRequest,
  options: {
    compressions: readonly Compression[];
    bytesMax: number;
    /** Called with what is in memory in addition, as it arrives or is decompressed; throws to end the reading. */
    count: (bytes: number) => void;
  },
): Promise<{ request: UniversalServerRequest; body: RawBody | undefined }> {
  const framing = framingOf(request);
  if (framing === undefined || !isByteStream(request.body)) return { request, body: undefined };

  const taken = (body: RawBody) => ({ request: emptied(request, framing), body });
  const tooLarge = `it is larger than ${options.bytesMax} bytes`;
  const bodyBytesMax = options.bytesMax + (framing.enveloped ? prefixBytes : 0);
  if (Number(request.header.get('content-length') ?? 0) > bodyBytesMax) {
    return taken({ problem: tooLarge, isTooLarge: true });
  }
  const iterator = request.body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    options.count(next.value.byteLength);
    chunks.push(next.value);
    size += next.value.byteLength;
    if (size > bodyBytesMax) return taken({ problem: tooLarge, isTooLarge: true });
  }
  const received = Buffer.concat(chunks);
  if (framing.enveloped && !isOneEnvelope(received)) {
    return taken({ problem: 'it is not one message with its length before it' });
  }
  const message = framing.enveloped ? received.subarray(prefixBytes) : received;
  const encoding = encodingOf(received, request, framing);
  const compression = options.compressions.find(({ name }) => name === encoding);
  if (encoding !== 'identity' && compression === undefined) {
    const known = options.compressions.map(({ name }) => name).join(' and ');
    return taken({ problem: `its encoding is ${encoding}, and only ${known} are known` });
  }
  const bytes =
    compression === undefined
      ? message
      : await decompressed(message, compression, options.bytesMax);
  if (bytes === undefined) {
    return taken({ problem: `it can't be decompressed, or ${tooLarge} then` });
  }
  if (compression !== undefined) options.count(bytes.byteLength);
  if (bytes.byteLength > options.bytesMax) return taken({ problem: tooLarge });
  return taken({ bytes, format: framing.format });
}

/** The request as if its message were empty, so that nothing of its body is read. */
export function withoutBody(request: UniversalServerRequest): UniversalServerRequest {
  const framing = framingOf(request);
  return framing === undefined ? request : emptied(request, framing);
}

function emptied(request: UniversalServerRequest, framing: Framing): UniversalServerRequest {
  const header = new Headers(request.header);
  header.delete('content-length');
  header.delete('content-encoding');
  header.delete('grpc-encoding');
  return { ...request, header, body: streamOf(emptyBody(framing)) };
}

function framingOf({ method, header }: UniversalServerRequest): Framing | undefined {
  const groups = contentTypePattern.exec(header.get('content-type') ?? '')?.groups;
  if (method !== 'POST' || groups === undefined) return undefined;
  const enveloped = groups['unary'] === undefined;
  const format = (groups['unary'] ?? groups['enveloped'] ?? 'proto').toLowerCase();
  return { format: format === 'json' ? 'json' : 'proto', enveloped };
}

function isByteStream(body: UniversalServerRequest['body']): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function encodingOf(
  received: Buffer,
  { header }: UniversalServerRequest,
  { enveloped }: Framing,
): string {
  if (enveloped && received[0] === 0) return 'identity';
  return enveloped
    ? (header.get('grpc-encoding') ?? 'undeclared')
    : (header.get('content-encoding') ?? 'identity');
}

function decompressed(
  message: Uint8Array,
  compression: Compression,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  return compression.decompress(message, bytesMax).catch(() => undefined);
}

function isOneEnvelope(received: Buffer): boolean {
  return (
    received.length >= prefixBytes &&
    (received[0] === 0 || received[0] === 1) &&
    received.readUInt32BE(1) === received.length - prefixBytes
  );
}

function emptyBody({ format, enveloped }: Framing): Uint8Array {
  const message = Buffer.from(emptyMessage[format]);
  if (!enveloped) return message;
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

async function* streamOf(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
