import { IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  answerProblem,
  endsWithRefusal,
  type HttpProblem,
  problemBody,
  problemContentType,
} from './http-problem.ts';
import { endWithResponse, hasOneHost, isAnswerable, isOnlyChunked } from './socket-response.ts';

/** Options of a server of HTTP/1.1 with which {@link refuseByProblem} sees what Node would refuse by itself. */
export const refusalOptions = { requireHostHeader: false };

/**
 * Refuses by a problem what Node would refuse without a body or by closing the connection: bytes that make no request,
 * and tunnels. What Node hands over as a request is for {@link servingValid}.
 */
export function refuseByProblem(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!isAnswerable(error, socket)) socket.destroy();
    else if (!endsWithRefusal(socket)) endWithProblem(socket, clientProblemOf(error.code));
  });
  server.on('connect', (_request, socket) => endWithProblem(socket, noTunnel, { allow: '' }));
}

/** Serves requests that HTTP itself allows, and refuses others. It is a listener to `checkExpectation`, too. */
export function servingValid<
  Request extends IncomingMessage | Http2ServerRequest,
  Response extends ServerResponse | Http2ServerResponse,
>(serve: (request: Request, response: Response) => void) {
  return (request: Request, response: Response): void => {
    const problem = problemOf(request);
    if (problem === undefined) serve(request, response);
    else answerProblem(response, problem);
  };
}

function problemOf(request: IncomingMessage | Http2ServerRequest): HttpProblem | undefined {
  if (request instanceof IncomingMessage) {
    if (!hasOneHost(request)) return badHost;
    if (!isOnlyChunked(request)) return badTransferCoding;
  }
  const { expect = '100-continue' } = request.headers;
  return expect.toLowerCase() === '100-continue' ? undefined : unmetExpectation;
}

function endWithProblem(
  socket: Duplex,
  problem: HttpProblem,
  headers: Readonly<Record<string, string>> = {},
): void {
  endWithResponse(socket, {
    status: problem.status,
    headers: { 'content-type': problemContentType, ...headers },
    body: problemBody(problem),
  });
}

export const tookTooLong: HttpProblem = {
  status: 408,
  title: 'Request timeout',
  detail: 'The request took too long to arrive',
};

const badHost: HttpProblem = {
  status: 400,
  title: 'Bad request',
  detail: 'The Host header must be given once and not be empty, as HTTP/1.1 requires',
};

const badTransferCoding: HttpProblem = {
  status: 400,
  title: 'Bad request',
  detail: 'The only transfer coding that is understood is chunked',
};

const unmetExpectation: HttpProblem = {
  status: 417,
  title: 'Expectation failed',
  detail: 'The only expectation that can be met is 100-continue',
};

const noTunnel: HttpProblem = {
  status: 405,
  title: 'Method not allowed',
  detail: 'This is not a proxy; connect to the other host itself',
};

function clientProblemOf(code: string | undefined): HttpProblem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return tookTooLong;
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        title: 'Headers too large',
        detail: 'The headers are larger than allowed',
      };
    default:
      return { status: 400, title: 'Bad request', detail: 'The request is not valid HTTP/1.1' };
  }
}
