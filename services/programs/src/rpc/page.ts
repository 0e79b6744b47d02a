import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { encodePageToken, type PageFilter } from '@loyalty/platform/paging.ts';
import type { Page } from '../app/program-store.ts';

/** Well below the largest message of common gRPC clients, 4 MiB. */
const pageBytesMax = 2 * 1024 * 1024;

export interface PageRendering<Item, Desc extends DescMessage> {
  page: Page<Item>;
  schema: Desc;
  render: (item: Item) => MessageInitShape<Desc>;
  filter: PageFilter;
  /** Where the page after this item starts. */
  positionOf: (item: Item) => string;
}

/** A page as messages, shorter than requested if its items are too large for a client to receive. */
export function renderPage<Item, Desc extends DescMessage>({
  page,
  schema,
  render,
  filter,
  positionOf,
}: PageRendering<Item, Desc>): { messages: MessageShape<Desc>[]; nextPageToken: string } {
  const messages: MessageShape<Desc>[] = [];
  let bytes = 0;
  for (const item of page.items) {
    const message = create(schema, render(item));
    bytes += toBinary(schema, message).length;
    if (bytes > pageBytesMax && messages.length > 0) break;
    messages.push(message);
  }
  const last = page.items[messages.length - 1];
  const isLastPage = !page.hasMore && messages.length === page.items.length;
  return {
    messages,
    nextPageToken:
      isLastPage || last === undefined
        ? ''
        : encodePageToken({ filter, position: [positionOf(last)] }),
  };
}
