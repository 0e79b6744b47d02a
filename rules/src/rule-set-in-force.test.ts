import { expect, test } from '@jest/globals';
import { ruleSetInForce } from './rule-set-in-force.ts';

const versions = ['2026-01-01', '2026-02-01', '2026-03-01'].map((day, index) => ({
  version: index + 1,
  effectiveTime: Date.parse(`${day}T00:00:00Z`),
}));

test.each([
  ['in its own time', '2026-02-15T00:00:00Z', '2026-04-01T00:00:00Z', 2],
  ['on the instant that a version takes over', '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z', 2],
  ['just before that instant', '2026-01-31T23:59:59.999Z', '2026-04-01T00:00:00Z', 1],
  ['from before the first version', '2020-01-01T00:00:00Z', '2026-04-01T00:00:00Z', 1],
  ['ahead of our clock', '2026-03-01T00:04:00Z', '2026-02-28T23:59:59Z', 2],
  ['before any version is in force', '2025-12-31T00:00:00Z', '2025-12-31T00:00:00Z', undefined],
  [
    'of a program that is new, by a clock behind',
    '2026-01-01T00:00:01Z',
    '2025-12-31T23:59:51Z',
    1,
  ],
  ['from before it, by a clock behind', '2025-12-30T00:00:00Z', '2025-12-31T23:59:51Z', 1],
  ['by a clock that is hours behind', '2026-01-01T00:00:01Z', '2025-12-31T22:00:00Z', undefined],
  ['of now', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z', 3],
])('a transaction %s', (_, occurred, now, version) => {
  const found = ruleSetInForce(versions, Date.parse(occurred), Date.parse(now));
  expect(found?.version).toBe(version);
});

test('drafts are never in force', () => {
  const now = Date.parse('2026-04-01T00:00:00Z');
  expect(ruleSetInForce([{ effectiveTime: undefined }], now, now)).toBeUndefined();
});
