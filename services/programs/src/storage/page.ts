import type { Page } from '../app/program-store.ts';

/** A page out of up to `limit + 1` items, the last of which only shows that there are more. */
export function pageOf<Item>(items: readonly Item[], limit: number): Page<Item> {
  return { items: items.slice(0, limit), hasMore: items.length > limit };
}
