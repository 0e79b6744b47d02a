import { expect, test } from '@jest/globals';
import { createTrust, isNetwork } from './trusted-callers.ts';

test.each([
  ['10.1.2.3', true],
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['::1', true],
  ['10.0.0.0/33', false],
  ['fd00::/129', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/', false],
  ['10.0.0', false],
  ['gateway', false],
  ['', false],
])('%p names a network: %p', (text, expected) => {
  expect(isNetwork(text)).toBe(expected);
});

test.each([
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['11.0.0.1', false],
  ['192.168.0.7', true],
  ['192.168.0.8', false],
  ['fd00::1', true],
  ['fe80::1', false],
  ['gateway', false],
  [undefined, false],
])('a caller at %p is trusted: %p', (address, expected) => {
  expect(createTrust(['10.0.0.0/8', '192.168.0.7', 'fd00::/8'])(address)).toBe(expected);
});

test('nobody is trusted where no network is named', () => {
  expect(createTrust([])('127.0.0.1')).toBe(false);
});
