import { expect, test } from '@jest/globals';
import { extentNote } from './event-invariant.ts';

const completeSince = new Date('2026-03-01T12:00:00Z');
const since = new Date('2026-03-01T12:01:00Z');
const stream = { completeSince, since };

test('entries that could be compared with the stream are named by their time', () => {
  const now = since;
  expect(extentNote({ ...stream, begin: completeSince, now })).toBe(
    'entries since 2026-03-01T12:01:00.000Z were compared with the stream',
  );
  expect(extentNote({ ...stream, begin: new Date('2026-02-01T12:00:00Z'), now })).toBe(
    'entries since 2026-03-01T12:01:00.000Z were compared with the stream: the stream is younger than the journal, which begins at 2026-02-01T12:00:00.000Z',
  );
});

test('while the stream is too young for any, it says so and from when on there are some', () => {
  const now = new Date('2026-03-01T12:00:59.999Z');
  expect(extentNote({ ...stream, begin: null, now })).toBe(
    'no entry was compared with the stream yet, because it has everything only since 2026-03-01T12:00:00.000Z, and the first minute is left out; verify again after 2026-03-01T12:01:00.000Z',
  );
});
