import { expect, test } from '@jest/globals';
import { environmentOfImage } from './image-environment.ts';
import { root } from './settings.ts';

test.each([
  ['programs', {}],
  [
    'ledger',
    {
      NODE_OPTIONS: expect.stringMatching(/^--max-old-space-size=\d+$/),
      MALLOC_ARENA_MAX: expect.stringMatching(/^\d+$/),
    },
  ],
  ['gateway', { NODE_OPTIONS: expect.stringMatching(/^--max-semi-space-size=\d+$/) }],
])('finds what the image of %s sets', (service, environment) => {
  expect(environmentOfImage(root, service, {})).toEqual(environment);
});

test('keeps the options of Node that this process has', () => {
  const own = { NODE_OPTIONS: '--trace-warnings' };
  expect(environmentOfImage(root, 'gateway', own)).toEqual({
    NODE_OPTIONS: expect.stringMatching(/^--trace-warnings --max-semi-space-size=\d+$/),
  });
  expect(environmentOfImage(root, 'programs', own)).toEqual(own);
});

test('refuses a service that has no image', () => {
  expect(() => environmentOfImage(root, 'nobody')).toThrow('has no image called nobody');
});
