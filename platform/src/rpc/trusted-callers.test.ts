import { describe, expect, test } from '@jest/globals';
import { createTrust, isName, trustedCallerProblem } from './trusted-callers.ts';

test.each([
  '10.1.2.3',
  '10.0.0.0/8',
  '10.128.0.0/9',
  '10.1.2.3/32',
  'fd00::/8',
  'fc00::/7',
  '2001:db8::/32',
  '::ffff:10.0.0.0/104',
  '2001:db8:0:8000::/49',
  '::1',
  '::1/128',
  '1:2:3:4:5:6:7:8/127',
  'gateway',
  'gateway.loyalty.svc',
  'spiffe://cluster/ns/loyalty/sa/gateway',
])('%s names a caller', (text) => {
  expect(trustedCallerProblem(text)).toBeUndefined();
});

describe('an entry that names no caller is refused, with the fix:', () => {
  test.each([
    ['10.0.0.0/33', 'from 8 to 32'],
    ['fd00::/129', 'from 7 to 128'],
    ['10.0.0.0/', 'from 8 to 32'],
    ['10.0.0.0/8/8', 'write an IP address'],
    ['10.0.0', 'write an IP address'],
    ['10.0.0.256', 'write an IP address'],
    ['gateway/8', 'write an IP address'],
    ['gate way', 'write an IP address'],
    ['', 'write an IP address'],
    ['fe80::1%eth0', 'write fe80::1'],
    ['fe80::%eth0/10', 'write fe80::/10'],
    ['10.1.2.3/8', 'write 10.0.0.0/8'],
    ['192.168.77.1/20', 'write 192.168.64.0/20'],
    ['0.0.0.0/0', 'strangers are in, too; write the network that only gateways can call from'],
    ['0.0.0.0/1', 'a prefix of at least 8'],
    ['10.0.0.1/0', 'a prefix of at least 8'],
    ['10.0.0.0/7', 'a prefix of at least 8'],
    ['::/0', 'a prefix of at least 104'],
    ['::/16', 'a prefix of at least 104'],
    ['::ffff:0:0/96', 'a prefix of at least 104'],
    ['::ffff:0.0.0.0/103', 'a prefix of at least 104'],
    ['2000::/3', 'a prefix of at least 16'],
    ['2400::/15', 'a prefix of at least 16'],
    ['fc00::/6', 'a prefix of at least 7'],
    ['fd00::1/8', 'write fd00::/8'],
    ['2001:db8:0:ffff::/49', 'write 2001:db8:0:8000::/49'],
    ['1:2:3:4:5:6:7:9/127', 'write 1:2:3:4:5:6:7:8/127'],
    ['::ffff:10.0.0.1/104', 'write ::ffff:a00:0/104'],
  ])('%s %s', (text, fix) => {
    expect(trustedCallerProblem(text)).toContain(fix);
  });
});

const names = () => [];

test.each([
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['11.0.0.1', false],
  ['192.168.0.7', true],
  ['192.168.0.8', false],
  ['fd00::1', true],
  ['fe80::1', false],
  ['fe80::7%eth0', true],
  ['gateway', false],
  [undefined, false],
])('a caller at %p is trusted: %p', (address, expected) => {
  const trusts = createTrust(['10.0.0.0/8', '192.168.0.7', 'fd00::/8', 'fe80::7', 'gateway']);
  expect(trusts({ address, names })).toBe(expected);
});

test.each([
  [['gateway'], true],
  [['other', 'spiffe://cluster/gateway'], true],
  [['gateway.other'], false],
  [['10.0.0.1'], false],
  [[], false],
])('a caller whose certificate has the names %j is trusted: %p', (own, expected) => {
  const trusts = createTrust(['10.0.0.1', 'gateway', 'spiffe://cluster/gateway']);
  expect(trusts({ address: '192.168.0.1', names: () => own })).toBe(expected);
});

test('certificates are not read where no name is trusted', () => {
  const unread = () => {
    throw new Error('read');
  };
  expect(createTrust(['10.0.0.1'])({ address: '10.0.0.2', names: unread })).toBe(false);
});

test('nobody is trusted where no caller is named', () => {
  expect(createTrust([])({ address: '127.0.0.1', names })).toBe(false);
});

test.each([
  ['gateway', true],
  ['10.0.0.0/8', false],
  ['fd00::1', false],
  ['1.2.3', false],
])('%s is a name: %p', (text, expected) => {
  expect(isName(text)).toBe(expected);
});
