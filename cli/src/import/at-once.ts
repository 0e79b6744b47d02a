import { Readable } from 'node:stream';

/** Calls `work` for each item, for `limit` of them at the same time; the first rejection ends it. */
export async function forEachAtOnce<Item>(
  limit: number,
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  await Readable.from(items).forEach(work, { concurrency: limit });
}

/** The items in groups of `size`; the last one may be smaller. */
export async function* inGroups<Item>(
  size: number,
  items: AsyncIterable<Item>,
): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
