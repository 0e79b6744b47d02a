import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { endWithResponse, isAnswerable } from '@loyalty/platform/rpc/socket-response.ts';
import { HttpRefusal } from './http-refusal.ts';
import { problemContentType, problemOf } from './problem.ts';

/** Responds to what never became a request: headers or a body that took too long, and bytes that aren't HTTP. */
export function respondToConnectionError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (isAnswerable(error, socket)) endWithProblem(socket, refusalOf(error.code));
  else socket.destroy();
}

/** Responds to a request for a tunnel, which Node would close the connection for. */
export function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  const detail = 'The gateway is not a proxy; connect to the other host itself';
  endWithProblem(socket, new HttpRefusal(405, detail, { allow: '' }));
}

function endWithProblem(socket: Duplex, refusal: Error): void {
  const requestId = randomUUID();
  const { problem, headers } = problemOf(refusal, requestId);
  endWithResponse(socket, {
    status: problem.status,
    headers: { 'content-type': problemContentType, 'x-request-id': requestId, ...headers },
    body: JSON.stringify(problem),
  });
}

function refusalOf(code: string | undefined): Error {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpRefusal(408, 'The request took too long to arrive');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpRefusal(431, 'The headers are larger than allowed');
    default:
      return new ValidationFailed([{ field: '', message: 'the request is not valid HTTP/1.1' }]);
  }
}
