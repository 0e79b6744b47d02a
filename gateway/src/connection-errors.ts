import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { HttpRefusal } from './http-refusal.ts';
import { problemContentType, problemOf } from './problem.ts';

/** Responds to what never became a request: headers or a body that took too long, and bytes that aren't HTTP. */
export function answerConnectionError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Before the handshake of TLS is over nothing can be written.
  const isSilent = error.code === 'ECONNRESET' || error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT';
  if (isSilent || !socket.writable) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const { problem } = problemOf(refusalOf(error.code), requestId);
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${problemContentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
    // A client that goes on sending would keep the connection open for as long as it likes.
    () => socket.destroy(),
  );
}

function refusalOf(code: string | undefined): Error {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpRefusal(408, 'the request took too long to arrive');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpRefusal(431, 'the headers are larger than allowed');
    default:
      return new ValidationFailed([{ field: '', message: 'the request is not valid HTTP/1.1' }]);
  }
}
