import { describe, expect, test } from '@jest/globals';
import { decodeOutboxBatch, encodeOutboxBatch } from './batch.ts';

const data = new Uint8Array([1, 2]);

function message(eventId: string, headers: Record<string, string>) {
  return { eventId, subject: `events.${eventId}`, headers, data };
}

describe('a batch of the outbox', () => {
  test.each([
    ['no message', []],
    ['one message', [message('a', { id: 'a', source: '/x' })]],
    ['no headers', [message('a', {}), message('b', {})]],
    ['headers that all share', [message('a', { source: '/x' }), message('b', { source: '/x' })]],
    ['headers with other values', [message('a', { id: 'a' }), message('b', { id: 'b' })]],
    ['headers that one lacks', [message('a', { id: 'a', source: '/x' }), message('b', {})]],
    ['headers that the first lacks', [message('a', {}), message('b', { source: '/x' })]],
    ['a header called like a property', [message('a', {}), message('b', { constructor: 'x' })]],
  ])('comes back as it was written: %s', (_, messages) => {
    const batch = decodeOutboxBatch(encodeOutboxBatch(messages));
    const decoded = batch.messages.map(({ headers, ...rest }) => ({
      ...rest,
      headers: { ...batch.headers, ...headers },
    }));
    expect(decoded).toMatchObject(messages);
    expect(decoded.map(({ headers }) => headers)).toEqual(messages.map(({ headers }) => headers));
  });

  test('has the headers that all messages share once', () => {
    const source = 'a long text that all messages have';
    const messages = ['a', 'b', 'c'].map((id) => message(id, { id, source }));
    const text = Buffer.from(encodeOutboxBatch(messages)).toString();
    expect(text.split(source)).toHaveLength(2);
  });
});
