import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Answer } from './answer-from-message.ts';
import { type ContentCoding, contentCodingFor, encodeContent } from './content-coding.ts';
import type { Route } from './routes-from-descriptors.ts';

/**
 * Sends a success. A GET always has an etag, the resource's own or else a hash of the body, and isn't sent again to a client
 * that has it. What is read is compressed where the client accepts that.
 *
 * A compressed body has the same etag, but a weak one: its bytes are others. If-None-Match compares weakly, so a client may
 * ask with either. If-Match takes both, too, because it is about the resource.
 */
export async function sendAnswer(
  reply: FastifyReply,
  { httpMethod, reads }: Pick<Route, 'httpMethod' | 'reads'>,
  { status, headers, etag, body }: Answer,
): Promise<FastifyReply> {
  const request = reply.request.headers;
  const isGet = httpMethod === 'GET';
  const content = JSON.stringify(body);
  const coding = reads
    ? contentCodingFor(request['accept-encoding'], Buffer.byteLength(content))
    : undefined;
  const tag = etagHeader(etag ?? (isGet ? hashOf(content) : undefined), coding);
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

function etagHeader(etag: string | undefined, coding: ContentCoding | undefined) {
  if (etag === undefined) return undefined;
  return coding === undefined ? `"${etag}"` : `W/"${etag}"`;
}

/** 128 bits of SHA-256. */
function hashOf(content: string): string {
  return hash('sha256', content, 'base64url').slice(0, 22);
}

/** Beside what the header has already: CORS varies by origin. */
function addVary(reply: FastifyReply, field: string): void {
  const fields = reply.getHeader('vary');
  reply.header('vary', fields === undefined ? field : `${String(fields)}, ${field}`);
}

/** Whether an If-None-Match header says that the client has this version already. The comparison is the weak one, as RFC 9110 asks. */
function hasAlready(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  if (ifNoneMatch === undefined || etag === undefined) return false;
  const known = ifNoneMatch.split(',').map((tag) => opaque(tag.trim()));
  return known.includes('*') || known.includes(opaque(etag));
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
