import { createHash } from 'node:crypto';
import { ValidationFailed } from './errors.ts';
import { instantMsMax } from './rpc/timestamps.ts';

const defaultPageSize = 50;
const maxPageSize = 500;
const maxTokenLength = 4096;

/** What a list is restricted to; a token is good for the filter that it was made with only. */
export type PageFilter = Readonly<Record<string, string | number | boolean | undefined>>;

/** How positions in a list, the values of its sort key, are written as texts. */
export interface PositionCodec<Position> {
  toTexts(position: Position): readonly string[];
  /** Undefined for texts that no position of the list is written as. */
  fromTexts(texts: readonly string[]): Position | undefined;
}

/** A list, as its pages are asked for. */
export interface PagedList<Position> {
  readonly filter: PageFilter;
  readonly position: PositionCodec<Position>;
}

/** A part of a list, as a request asks for it. */
export interface PageRequest<Position> {
  readonly limit: number;
  /** The position before the first item; undefined for the first page. */
  readonly after: Position | undefined;
}

/** @throws {ValidationFailed} for a negative size, or a token that isn't one of this list */
export function pageRequest<Position>(
  request: { readonly pageSize: number; readonly pageToken: string },
  list: PagedList<Position>,
): PageRequest<Position> {
  return { limit: pageSize(request.pageSize), after: decodePageToken(request.pageToken, list) };
}

/** An opaque `next_page_token`. */
export function encodePageToken<Position>(position: Position, list: PagedList<Position>): string {
  const texts = list.position.toTexts(position);
  const body = JSON.stringify([checksum(list.filter, texts), ...texts]);
  return Buffer.from(body).toString('base64url');
}

/**
 * The position in a `page_token`; undefined for the first page (an empty token).
 *
 * @throws {ValidationFailed} for a token that `encodePageToken` didn't make for the same list
 */
export function decodePageToken<Position>(
  token: string,
  list: PagedList<Position>,
): Position | undefined {
  if (token === '') return undefined;
  const parts = token.length <= maxTokenLength ? parse(token) : undefined;
  const [, ...texts] = parts ?? [];
  // The sum is no secret, so what it fits is checked as any other input.
  const found = list.position.fromTexts(texts);
  // Decoding skips what isn't base64url, so that one position could have many tokens.
  if (found === undefined || encodePageToken(found, list) !== token) {
    throw new ValidationFailed([
      {
        field: 'page_token',
        message:
          'was not issued for this list; repeat the filter that it came with, or leave it out',
      },
    ]);
  }
  return found;
}

/** Positions that are a text. */
export const textPosition: PositionCodec<string> = {
  toTexts: (position) => [position],
  fromTexts: ([text = '', ...others]) => (others.length === 0 ? textIn(text) : undefined),
};

/** Positions that are a number of 64 bits, from 0. */
export const sequencePosition: PositionCodec<bigint> = {
  toTexts: (position) => [String(position)],
  fromTexts: ([text = '', ...others]) =>
    others.length === 0 ? integerIn(text, 2n ** 63n - 1n) : undefined,
};

/** Positions that are an instant of the years 1970 to 9999, in milliseconds since 1970. */
export const instantPosition: PositionCodec<number> = {
  toTexts: (position) => [String(position)],
  fromTexts: ([text = '', ...others]) => (others.length === 0 ? instantIn(text) : undefined),
};

/**
 * The instant that the text is, in milliseconds since 1970.
 *
 * @param originMs the earliest instant, which the text counts milliseconds from
 */
export function instantIn(text: string, originMs = 0): number | undefined {
  const value = integerIn(text, BigInt(instantMsMax - originMs));
  return value === undefined ? undefined : Number(value) + originMs;
}

/** The text, if it is one that a database can compare with. */
export function textIn(text: string): string | undefined {
  return text !== '' && !text.includes('\0') && text.isWellFormed() ? text : undefined;
}

/** The number from 0 to `max` that the text is, in digits alone. */
export function integerIn(text: string, max: bigint): bigint | undefined {
  if (!/^(0|[1-9]\d{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return value <= max ? value : undefined;
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
// which is authorized apart, lets them see anyway.
function checksum(filter: PageFilter, texts: readonly string[]): string {
  const sorted = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify([sorted, texts]));
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
