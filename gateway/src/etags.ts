import { hash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { ContentCoding } from './content-coding.ts';

/** The value of an ETag header. A body in a coding has a weak one, because its bytes are others. */
export function etagHeader(etag: string, coding: ContentCoding | undefined): string {
  return coding === undefined ? `"${etag}"` : `W/"${etag}"`;
}

/** The etag of content that has none of its own: 128 bits of SHA-256. */
export function hashOf(content: string | Uint8Array): string {
  return hash('sha256', content, 'base64url').slice(0, 22);
}

/** Whether an If-None-Match header says that the client has this version already. The comparison is the weak one, as RFC 9110 asks. */
export function hasAlready(ifNoneMatch: string | undefined, etag: string | undefined): boolean {
  if (ifNoneMatch === undefined || etag === undefined) return false;
  const known = ifNoneMatch.split(',').map((tag) => opaque(tag.trim()));
  return known.includes('*') || known.includes(opaque(etag));
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** Beside what the header has already: CORS varies by origin. */
export function addVary(reply: FastifyReply, field: string): void {
  const fields = reply.getHeader('vary');
  reply.header('vary', fields === undefined ? field : `${String(fields)}, ${field}`);
}
