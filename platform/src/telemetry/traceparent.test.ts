import { describe, expect, test } from '@jest/globals';
import { traceIdOf } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

describe('a trace is recognized', () => {
  test.each([
    ['of the present version', `00-${traceId}-${parentId}-01`],
    ['of a later version', `01-${traceId}-${parentId}-01`],
    ['of a later version that says more', `cc-${traceId}-${parentId}-01-what.the-future`],
  ])('%s', (_case, traceparent) => {
    expect(traceIdOf(traceparent)).toBe(traceId);
  });
});

describe('no trace is made of', () => {
  test.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['version ff', `ff-${traceId}-${parentId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${traceId.toUpperCase()}-${parentId}-01`],
    ['a trace id that is too short', `00-${traceId.slice(1)}-${parentId}-01`],
    ['more than version 00 has', `00-${traceId}-${parentId}-01-more`],
    ['flags that go on', `01-${traceId}-${parentId}-012`],
    ['what a header can not carry', `01-${traceId}-${parentId}-01-a\nb`],
    ['two headers in one', `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
    ['what never ends', `01-${traceId}-${parentId}-01-${'x'.repeat(1000)}`],
  ])('%s', (_case, traceparent) => {
    expect(traceIdOf(traceparent)).toBeUndefined();
  });
});
