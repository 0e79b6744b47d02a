import type { PageRequest } from './ledger-store.ts';

/** A part of a list. */
export interface Page<Item, Position> {
  readonly items: readonly Item[];
  /** The position of each item; the next page starts behind that of the last one. */
  readonly positions: readonly Position[];
  readonly hasMore: boolean;
}

/** Reads a page, and one item more to learn whether another page follows. */
export async function readPage<Item, Position>(
  page: PageRequest<Position>,
  {
    read,
    positionOf,
  }: {
    read: (page: PageRequest<Position>) => Promise<Item[]>;
    positionOf: (item: Item) => Position;
  },
): Promise<Page<Item, Position>> {
  const found = await read({ limit: page.limit + 1, after: page.after });
  return pageOf(found, { limit: page.limit, positionOf });
}

/** The first `limit` of what was found, which is more where another page follows. */
export function pageOf<Item, Position>(
  found: readonly Item[],
  { limit, positionOf }: { limit: number; positionOf: (item: Item) => Position },
): Page<Item, Position> {
  const items = found.slice(0, limit);
  return { items, positions: items.map(positionOf), hasMore: found.length > limit };
}
