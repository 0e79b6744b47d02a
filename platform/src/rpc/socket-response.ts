import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { closeLingering } from './lingering-close.ts';

export interface SocketResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Writes a response to a connection of HTTP/1.1 that has no request to respond to, and closes it. */
export function endWithResponse(socket: Duplex, { status, headers, body }: SocketResponse): void {
  // Node doesn't listen any longer to the errors of a connection that it has handed over.
  socket.on('error', () => socket.destroy());
  const fields = {
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  closeLingering(socket);
}

/** Whether anything can still be written to a connection that Node gave up on. */
export function isAnswerable(error: NodeJS.ErrnoException, socket: Duplex): boolean {
  // Before the handshake of TLS is over nothing can be written.
  const isSilent = error.code === 'ECONNRESET' || error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
  return !isSilent && socket.writable;
}

/** Whether a request of HTTP/1.1 names its host as RFC 9112 requires: once, and not by nothing. */
export function hasOneHost({ httpVersion, headersDistinct }: IncomingMessage): boolean {
  const [host, ...others] = headersDistinct['host'] ?? [];
  return host === undefined ? httpVersion === '1.0' : host !== '' && others.length === 0;
}

/** Whether a request of HTTP/1.1 has no other transfer coding than Node decodes. It ignores those that come before it. */
export function isOnlyChunked({ headers }: IncomingMessage): boolean {
  return (headers['transfer-encoding'] ?? 'chunked').toLowerCase() === 'chunked';
}
