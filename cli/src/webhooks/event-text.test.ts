import { expect, test } from '@jest/globals';
import { eventText } from './event-text.ts';

test('an event is its id, its type and its body', () => {
  const body = '{"type":"loyalty.points.earned","data":{"userId":"alice"}}';
  expect(eventText({ id: '1024-2', body })).toBe(`1024-2 loyalty.points.earned
{
  "type": "loyalty.points.earned",
  "data": {
    "userId": "alice"
  }
}`);
});

test('what could move the cursor or turn text around is written out', () => {
  const body = JSON.stringify({ type: 'a\u009bb', data: '\u202e' });
  expect(eventText({ id: '\u009b2J', body })).toBe(`\\u{9b}2J a\\u{9b}b
{
  "type": "a\\u{9b}b",
  "data": "\\u{202e}"
}`);
});

test('a body that is no JSON is a text', () => {
  expect(eventText({ id: '1', body: 'no\u001b[31mJSON' })).toBe('1 \n"no\\u001b[31mJSON"');
});
