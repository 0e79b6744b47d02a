import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { decodePageToken, textPosition } from '../paging.ts';
import { renderPage } from './page.ts';

const list = { filter: { list: 'notes' }, position: textPosition };

/** Renders a page whose items have the given sizes in bytes. */
function pageOf(sizes: readonly number[], hasMore: boolean) {
  const positions = sizes.map((_, index) => `note-${index}`);
  const page = { items: sizes, positions, hasMore };
  const { messages, nextPageToken } = renderPage({
    page,
    list,
    schema: StringValueSchema,
    render: (bytes) => ({ value: 'x'.repeat(bytes) }),
  });
  return { count: messages.length, next: decodePageToken(nextPageToken, list) };
}

test('a page leads to the next one, and the last to none', () => {
  expect(pageOf([1, 2, 3], true)).toEqual({ count: 3, next: 'note-2' });
  expect(pageOf([1, 2, 3], false)).toEqual({ count: 3, next: undefined });
  expect(pageOf([], false)).toEqual({ count: 0, next: undefined });
});

test('a page ends before it is too large for clients, and the next one goes on there', () => {
  const large = 900_000;
  expect(pageOf([large, large, large, large], false)).toEqual({ count: 2, next: 'note-1' });
  expect(pageOf([large, large], false)).toEqual({ count: 2, next: undefined });
});

test('an item that is too large by itself is a page of its own', () => {
  const huge = 3_000_000;
  expect(pageOf([huge, 1], false)).toEqual({ count: 1, next: 'note-0' });
  expect(pageOf([huge], false)).toEqual({ count: 1, next: undefined });
});
