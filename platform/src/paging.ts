import { createHash } from 'node:crypto';
import { ValidationFailed } from './errors.ts';

const defaultPageSize = 50;
const maxPageSize = 500;
const maxTokenLength = 4096;

/** What a list is restricted to; a token is good for the filter that it was made with only. */
export type PageFilter = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the next page starts: the values of the list's sort key, as text. */
export type PagePosition = readonly string[];

/** An opaque `next_page_token`. */
export function encodePageToken(page: { filter: PageFilter; position: PagePosition }): string {
  const body = JSON.stringify([checksum(page.filter, page.position), ...page.position]);
  return Buffer.from(body).toString('base64url');
}

/**
 * The position in a `page_token`; undefined for the first page (an empty token).
 *
 * @throws {ValidationFailed} for a token that wasn't made by `encodePageToken` with the same filter
 */
export function decodePageToken(token: string, filter: PageFilter): PagePosition | undefined {
  if (token === '') return undefined;
  const parts = token.length <= maxTokenLength ? parse(token) : undefined;
  const [sum, ...position] = parts ?? [];
  if (sum === undefined || sum !== checksum(filter, position)) {
    throw new ValidationFailed([
      {
        field: 'page_token',
        message:
          'was not issued for this list; repeat the filter that it came with, or leave it out',
      },
    ]);
  }
  return position;
}

function parse(token: string): string[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string')
      ? parts
      : undefined;
  } catch {
    return undefined;
  }
}

// Guards against mix-ups and truncation, not against forgery: a forged position only reveals what the filter,
// which is authorised apart, lets him see anyway.
function checksum(filter: PageFilter, position: PagePosition): string {
  const sorted = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([sorted, position]));
  return hash.digest('base64url').slice(0, 16);
}

/**
 * The number of items to return: 50 unless requested otherwise, at most 500.
 *
 * @throws {ValidationFailed} for a negative number
 */
export function pageSize(requested: number): number {
  if (requested < 0) {
    throw new ValidationFailed([{ field: 'page_size', message: 'must not be negative' }]);
  }
  return requested === 0 ? defaultPageSize : Math.min(requested, maxPageSize);
}
