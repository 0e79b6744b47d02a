import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { addressInUrl, addressProblem } from './address-rules.ts';
import { AddressRefused } from './checked-lookup.ts';

export interface OutgoingRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

export interface Response {
  readonly status: number;
  /** The header Retry-After. */
  readonly retryAfter: string | undefined;
}

/** Sends a request; rejects if there is no response. Follows no redirect. */
export type SendRequest = (request: OutgoingRequest) => Promise<Response>;

/** The most that is read of a response's body, which is ignored. */
const drainedBytesMax = 64 * 1024;

export interface SenderOptions {
  readonly lookup: LookupFunction;
  /** Whether `http:` and addresses that aren't public can be used. */
  readonly allowsPrivate: boolean;
  /** Trusted in addition to the usual ones. */
  readonly ca?: string | undefined;
}

/**
 * Every request has a connection of its own, whose address was just looked up and checked: one that is kept would outlive
 * the check.
 */
export function createSender({ lookup, allowsPrivate, ca }: SenderOptions): SendRequest {
  return async ({ url, headers, body, timeoutMs }) => {
    const parsed = new URL(url);
    const isHttp = parsed.protocol === 'http:';
    if (isHttp && !allowsPrivate) throw new AddressRefused('only https URLs are allowed');
    // There is no lookup of a host that is an address.
    const address = addressInUrl(url);
    const problem = address === undefined || allowsPrivate ? undefined : addressProblem(address);
    if (problem !== undefined) throw new AddressRefused(problem);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const request = (isHttp ? requestHttp : requestHttps)(parsed, {
      method: 'POST',
      agent: false,
      lookup,
      headers: {
        ...headers,
        // What receivers' frameworks read without being told to.
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'loyalty-webhooks',
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca !== undefined && { ca }),
    });
    let head: Response | undefined;
    request.on('error', (error) => {
      if (head === undefined) reject(timeoutOr(error, timeoutMs));
    });
    request.on('response', (response) => {
      head = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
      drain(response);
    });
    // Not before: an endpoint that never ends its responses would be sent more and more requests.
    request.once('close', () => {
      if (head !== undefined) resolve(head);
    });
    request.end(body);
    return await promise;
  };
}

function timeoutOr(error: Error, timeoutMs: number): Error {
  return error.name === 'TimeoutError' || error.name === 'AbortError'
    ? new Error(`no response within ${timeoutMs / 1_000} s`, { cause: error })
    : error;
}

/** Reads the body up to a limit, so that the server can finish its response; the request's time-out ends the rest. */
function drain(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > drainedBytesMax) response.destroy();
  });
}
