import { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { closeIfBodyIsUnderWay } from './lingering-close.ts';

export interface HttpProblem {
  readonly status: 400 | 404 | 405 | 408 | 415 | 417 | 431;
  readonly title: string;
  readonly detail: string;
}

export const problemContentType = 'application/problem+json';

/** The body of a refusal by HTTP itself (RFC 9457), before there is a method whose protocol has errors of its own. */
export function problemBody({ status, title, detail }: HttpProblem): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail });
}

const ending = new WeakSet<Duplex>();

/** Whether the connection ends with a refusal that has been written: whatever comes after it gets no other. */
export function endsWithRefusal(socket: Duplex): boolean {
  return ending.has(socket);
}

/** Refuses a request, unless it is being answered already. */
export function answerProblem(
  response: ServerResponse | Http2ServerResponse,
  problem: HttpProblem,
): void {
  if (response.headersSent || response.destroyed) return;
  if (response instanceof ServerResponse) {
    closeIfBodyIsUnderWay(response);
    const { socket } = response;
    if (socket !== null && response.getHeader('connection') === 'close') ending.add(socket);
  }
  response.statusCode = problem.status;
  response.setHeader('content-type', problemContentType);
  response.end(problemBody(problem));
}
