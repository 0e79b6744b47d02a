import { describe, expect, test } from '@jest/globals';
import { addressInUrl, addressProblem } from './address-rules.ts';

describe('nothing is sent to', () => {
  test.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['link-local', '169.254.0.1'],
    ['metadata of AWS, GCP, Azure', '169.254.169.254'],
    ['metadata of ECS', '169.254.170.2'],
    ['metadata of Oracle', '192.0.0.192'],
    ['metadata of Alibaba, in the range of carriers', '100.100.100.200'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT', '100.127.255.255'],
    ['WireServer of Azure', '168.63.129.16'],
    ['protocol assignments', '192.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['6to4 relays', '192.88.99.1'],
    ['benchmarks', '198.18.0.1'],
    ['benchmarks', '198.19.255.255'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['IPv4-compatible', '::127.0.0.1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped loopback', '::ffff:7f00:1'],
    ['IPv4-mapped metadata', '::ffff:169.254.169.254'],
    ['IPv4-mapped public', '::ffff:8.8.8.8'],
    ['IPv4-translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64 of metadata', '64:ff9b::a9fe:a9fe'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['6to4 of a private address', '2002:a00:1::1'],
    ['Teredo', '2001:0:53aa:64c::1'],
    ['ORCHID', '2001:20::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['unique local', 'fc00::1'],
    ['unique local, metadata of AWS', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['discard', '100::1'],
    ['segment routing', '5f00::1'],
    ['reserved', '4000::1'],
    ['a name', 'localhost'],
    ['nothing', ''],
  ])('%s: %s', (_what, address) => {
    expect(addressProblem(address)).toBeDefined();
  });
});

test.each(['8.8.8.8', '93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '2a00:1450:4001::1'])(
  '%s is public',
  (address) => {
    expect(addressProblem(address)).toBeUndefined();
  },
);

test.each([
  ['https://127.0.0.1/hook', '127.0.0.1'],
  ['https://2130706433/hook', '127.0.0.1'],
  ['https://0x7f000001/hook', '127.0.0.1'],
  ['https://0177.0.0.1/hook', '127.0.0.1'],
  ['https://127.1/hook', '127.0.0.1'],
  ['https://127.0.0.1./hook', '127.0.0.1'],
  ['https://１２７.0.0.1/hook', '127.0.0.1'],
  ['https://[::1]/hook', '::1'],
  ['https://[::ffff:127.0.0.1]/hook', '::ffff:7f00:1'],
  ['https://shop.example/hook', undefined],
  ['https://localhost/hook', undefined],
])('the host of %s is the address %s', (url, address) => {
  expect(addressInUrl(url)).toBe(address);
});
