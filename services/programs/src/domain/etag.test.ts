import { expect, test } from '@jest/globals';
import { requireEtag } from './etag.ts';

test.each([[[]], [[['7-1']]], [[['6-1', '7-1']]], [[['*'], ['7-1']]]])(
  'the etag 7-1 passes the conditions %j',
  (conditions) => {
    expect(() => requireEtag('7-1', conditions)).not.toThrow();
  },
);

test.each([[[['6-1']]], [[['7']]], [[['']]], [[['7-1'], ['6-1']]]])(
  'the etag 7-1 fails the conditions %j',
  (conditions) => {
    expect(() => requireEtag('7-1', conditions)).toThrow(/has changed/);
  },
);
