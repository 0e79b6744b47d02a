import type { PageRequest } from './ledger-store.ts';

/** A part of a list. */
export interface Page<Item, Position> {
  readonly items: readonly Item[];
  /** What the next page comes after; undefined on the last one. */
  readonly next: Position | undefined;
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
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  const more = found.length > page.limit && last !== undefined;
  return { items, next: more ? positionOf(last) : undefined };
}
