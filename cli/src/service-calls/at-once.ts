import { Readable } from 'node:stream';

/** Calls `work` for each item, for `limit` of them at the same time; the first rejection ends it. */
export async function forEachAtOnce<Item>(
  limit: number,
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  await Readable.from(items, { highWaterMark: 1 }).forEach(work, { concurrency: limit });
}

/** Lists of any size as lists of `size`; the last one may be smaller. */
export async function* inBatches<Item>(
  size: number,
  lists: AsyncIterable<readonly Item[]>,
): AsyncGenerator<readonly Item[]> {
  let gathered: Item[] = [];
  for await (const list of lists) {
    gathered.push(...list);
    while (gathered.length >= size) {
      yield gathered.slice(0, size);
      gathered = gathered.slice(size);
    }
  }
  if (gathered.length > 0) yield gathered;
}
