import type { FastifyReply } from 'fastify';
import { contentCodingFor, encodeContent } from './content-coding.ts';
import { addVary, etagHeader, hasAlready, hashOf } from './etags.ts';
import type { SuccessResponse } from './response-from-message.ts';
import type { Route } from './routes-from-descriptors.ts';

/**
 * Sends a success. A GET always has an etag, the resource's own or else a hash of the body, and isn't sent again to a client
 * that has it. What is read is compressed where the client accepts that.
 *
 * A compressed body has the same etag, but a weak one: its bytes are others. If-None-Match compares weakly, so a client may
 * ask with either. If-Match takes both, too, because it is about the resource.
 */
export async function sendResponse(
  reply: FastifyReply,
  { httpMethod, reads }: Pick<Route, 'httpMethod' | 'reads'>,
  { status, headers, etag, body }: SuccessResponse,
): Promise<FastifyReply> {
  const request = reply.request.headers;
  const isGet = httpMethod === 'GET';
  const content = JSON.stringify(body);
  const coding = reads
    ? contentCodingFor(request['accept-encoding'], Buffer.byteLength(content))
    : undefined;
  const version = etag ?? (isGet ? hashOf(content) : undefined);
  const tag = version === undefined ? undefined : etagHeader(version, coding);
  const isKnown = isGet && hasAlready(request['if-none-match'], tag);
  const encoded = coding === undefined || isKnown ? content : await encodeContent(content, coding);
  reply.headers(headers);
  if (tag !== undefined) reply.header('etag', tag);
  // Responses are personal. A client may cache what it read, if it revalidates it before use.
  reply.header('cache-control', tag === undefined ? 'no-store' : 'private, no-cache');
  // A browser that signs in another user must not take what it cached for the one before.
  if (isGet) addVary(reply, 'Authorization');
  if (reads) addVary(reply, 'Accept-Encoding');
  if (isKnown) return reply.code(304).send();
  if (coding !== undefined) reply.header('content-encoding', coding);
  return reply.code(status).type('application/json; charset=utf-8').send(encoded);
}
