import {
  decodePageToken,
  encodePageToken,
  type PageFilter,
  pageSize,
} from '@loyalty/platform/paging.ts';
import type { PageRequest } from '../app/ledger-store.ts';

interface PagedRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/**
 * The page that a request asks for, of a list whose positions are texts.
 *
 * @throws {ValidationFailed} for a token of another list
 */
export function parsePage(request: PagedRequest, filter: PageFilter): PageRequest<string> {
  return {
    limit: pageSize(request.pageSize),
    after: decodePageToken(request.pageToken, filter)?.[0],
  };
}

/** The same for a list whose positions are sequences. */
export function parseSequencePage(request: PagedRequest, filter: PageFilter): PageRequest<bigint> {
  const { limit, after } = parsePage(request, filter);
  return { limit, after: after === undefined ? undefined : BigInt(after) };
}

export function nextPageToken(next: string | bigint | undefined, filter: PageFilter): string {
  return next === undefined ? '' : encodePageToken({ filter, position: [String(next)] });
}
