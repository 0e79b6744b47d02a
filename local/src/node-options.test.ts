import { expect, test } from '@jest/globals';
import { nodeOptionsOfImage } from './node-options.ts';
import { root } from './settings.ts';

test.each([
  ['programs', []],
  ['ledger', [expect.stringMatching(/^--max-old-space-size=\d+$/)]],
  ['gateway', [expect.stringMatching(/^--max-semi-space-size=\d+$/)]],
])('finds the options of Node in the image of %s', (service, options) => {
  expect(nodeOptionsOfImage(root, service)).toEqual(options);
});

test('refuses a service that has no image', () => {
  expect(() => nodeOptionsOfImage(root, 'nobody')).toThrow('has no image called nobody');
});
