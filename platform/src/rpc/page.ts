import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { encoderOf } from '../binary-encoding.ts';
import { encodePageToken, type PagedList } from '../paging.ts';

/** Well below the largest message of common gRPC clients, 4 MiB. */
const pageBytesMax = 2 * 1024 * 1024;

export interface Page<Item, Position> {
  readonly items: readonly Item[];
  /** For each item, where the page after it starts. */
  readonly positions: readonly Position[];
  /** Whether more items follow. */
  readonly hasMore: boolean;
}

export interface PageRendering<Item, Position, Desc extends DescMessage> {
  readonly page: Page<Item, Position>;
  readonly list: PagedList<Position>;
  readonly schema: Desc;
  readonly render: (item: Item) => MessageInitShape<Desc>;
}

/** A page as messages; shorter than asked for where its items are so large that no client could receive them. */
export function renderPage<Item, Position, Desc extends DescMessage>({
  page: { items, positions, hasMore },
  list,
  schema,
  render,
}: PageRendering<Item, Position, Desc>): {
  messages: MessageInitShape<Desc>[];
  nextPageToken: string;
} {
  const encode = encoderOf(schema);
  const messages: MessageInitShape<Desc>[] = [];
  let bytes = 0;
  for (const item of items) {
    const message = render(item);
    bytes += encode(message).length;
    if (bytes > pageBytesMax && messages.length > 0) break;
    messages.push(message);
  }
  const last = positions[messages.length - 1];
  const isLastPage = !hasMore && messages.length === items.length;
  return {
    messages,
    nextPageToken: isLastPage || last === undefined ? '' : encodePageToken(last, list),
  };
}
