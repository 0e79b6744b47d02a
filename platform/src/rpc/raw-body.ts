import type { Compression, UniversalServerRequest } from '@connectrpc/connect/protocol';

/** A request's message, unframed and uncompressed but not decoded. */
export interface RawBody {
  readonly bytes: Uint8Array;
  readonly format: 'proto' | 'json';
}

interface Framing {
  format: RawBody['format'];
  /** gRPC and gRPC-Web put five bytes before the message: a flag and the length. */
  enveloped: boolean;
}

const contentTypePattern =
  /^application\/(?:(?<unary>proto|json)|grpc(?:-web)?(?:\+(?<enveloped>proto|json))?)(?:\s*;.*)?$/i;
const prefixBytes = 5;
const emptyMessage = { proto: '', json: '{}' };

/**
 * Takes the message out of a request and leaves an empty one in its place. The Connect library would decode the
 * message before anybody is authenticated, and answer bytes that can't be decoded with INTERNAL.
 * What is wrong in other ways (too large, badly framed, unknown compression) is left to the library.
 */
export async function takeBody(
  request: UniversalServerRequest,
  options: { compressions: readonly Compression[]; bytesMax: number },
): Promise<{ request: UniversalServerRequest; body: RawBody | undefined }> {
  const framing = framingOf(request);
  if (framing === undefined || !isByteStream(request.body)) return { request, body: undefined };

  const iterator = request.body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    chunks.push(next.value);
    size += next.value.byteLength;
    if (size > options.bytesMax + prefixBytes) {
      // The rest stays unread: this is enough for the library to see that it is too much.
      return { request: { ...request, body: streamOf(...chunks) }, body: undefined };
    }
  }
  const received = Buffer.concat(chunks);
  const bytes = await messageOf(received, request, framing, options);
  if (bytes === undefined) {
    return { request: { ...request, body: streamOf(received) }, body: undefined };
  }
  const header = new Headers(request.header);
  header.delete('content-length');
  header.delete('content-encoding');
  return {
    request: { ...request, header, body: streamOf(emptyBody(framing)) },
    body: { bytes, format: framing.format },
  };
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

/** The message as it was before framing and compression; undefined if that can't be undone. */
async function messageOf(
  received: Buffer,
  { header }: UniversalServerRequest,
  { enveloped }: Framing,
  options: { compressions: readonly Compression[]; bytesMax: number },
): Promise<Uint8Array | undefined> {
  if (enveloped && !isOneEnvelope(received)) return undefined;
  const message = enveloped ? received.subarray(prefixBytes) : received;
  const encoding = header.get(enveloped ? 'grpc-encoding' : 'content-encoding') ?? 'identity';
  if (enveloped ? received[0] === 0 : encoding === 'identity') return message;
  const compression = options.compressions.find(({ name }) => name === encoding);
  return compression?.decompress(message, options.bytesMax).catch(() => undefined);
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

async function* streamOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
