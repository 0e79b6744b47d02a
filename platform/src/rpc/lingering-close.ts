import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** How long a client has to read its last response and close its side. */
const lingerMsMax = 2000;
/** More than a request may have, so that a client whose request is too large can read that, too. */
const lingerBytesMax = 8 * 1024 * 1024;
/**
 * How much is read in a second to be discarded, of all connections together. It takes memory until it is collected, and it may
 * be sent by strangers. Beyond it the rest isn't read: the client still has its time to read the response.
 */
const discardedBytesPerSecond = 8 * 1024 * 1024;
const canDiscard = createByteRate(discardedBytesPerSecond);

/**
 * Ends a connection of HTTP/1.1 once what was written has left, and discards what the client is still sending. Closing at
 * once would reset the connection, and the reset can overtake the response (RFC 9112, section 9.6).
 */
export function closeLingering(socket: Duplex): void {
  // Without its listener, Node's parser gets no further request out of what comes.
  socket.removeAllListeners('data');
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > lingerBytesMax) socket.destroy();
    else if (!canDiscard(chunk.length)) socket.pause();
  });
  const timer = setTimeout(() => socket.destroy(), lingerMsMax).unref();
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
}

/**
 * Ends the connection with this response if some of the request's body hasn't arrived yet. The rest would stand in the way of
 * the next request, or be refused a second time for taking too long.
 */
export function closeIfBodyIsUnderWay(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || !isBodyUnderWay(response.req)) return;
  response.setHeader('connection', 'close');
  // Node calls it when the last response of a connection has been written.
  socket.destroySoon = () => closeLingering(socket);
}

function isBodyUnderWay(request: IncomingMessage): boolean {
  return hasBody(request) && !request.complete;
}

/** Whether a request announces a body that isn't empty. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Takes note of bytes; returns whether there may be more now. */
function createByteRate(bytesPerSecond: number): (bytes: number) => boolean {
  let left = bytesPerSecond;
  let leftAt = performance.now();
  return (bytes) => {
    const now = performance.now();
    left = Math.min(bytesPerSecond, left + ((now - leftAt) / 1_000) * bytesPerSecond) - bytes;
    leftAt = now;
    return left > 0;
  };
}
