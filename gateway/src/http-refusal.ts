/**
 * What HTTP itself requires to be refused, before there is an RPC: no method declares it, and no service returns it.
 *
 * Without a route there are 404 and 405, from the route table. Every route can return 408 and 431, from Node's parser, and
 * 417; 413 and 415 are about a body, also one that is sent where none is expected. A successful GET can return 304, from
 * `send-response.ts`. All other errors have a reason of the catalog, which gives their status; the gateway's own are among
 * those of every method: 400 for what can't be read, 401, 403, 429, 499, 500, 503, 504.
 */
export const httpRefusals = {
  404: { reason: 'ROUTE_NOT_FOUND', title: 'Not found' },
  405: { reason: 'METHOD_NOT_ALLOWED', title: 'Method not allowed' },
  408: { reason: 'REQUEST_TIMEOUT', title: 'Request timeout' },
  413: { reason: 'BODY_TOO_LARGE', title: 'Body too large' },
  415: { reason: 'UNSUPPORTED_MEDIA_TYPE', title: 'Unsupported media type' },
  417: { reason: 'EXPECTATION_FAILED', title: 'Expectation failed' },
  431: { reason: 'HEADERS_TOO_LARGE', title: 'Headers too large' },
} as const;

export type RefusalStatus = keyof typeof httpRefusals;

/** Thrown for a request that can't be brought to any RPC. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: RefusalStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: RefusalStatus,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  get reason(): string {
    return httpRefusals[this.status].reason;
  }

  get title(): string {
    return httpRefusals[this.status].title;
  }
}
