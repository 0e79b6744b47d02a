/** A part of a list; `hasMore` says whether more items follow. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** A page out of up to `limit + 1` items, the last of which only shows that there are more. */
export function pageOf<Item>(items: readonly Item[], limit: number): Page<Item> {
  return { items: items.slice(0, limit), hasMore: items.length > limit };
}
