import type { LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { AddressRefused, checkedLookup } from './checked-lookup.ts';

const good = { address: '93.184.216.34', family: 4 };
const bad = { address: '10.96.0.1', family: 4 };

function lookupOf(...addresses: LookupAddress[]) {
  const warn = jest.fn();
  const lookup = promisify(checkedLookup(async () => addresses, { warn }));
  return { warn, lookUp: () => lookup('shop.example', { all: true }) };
}

test('public addresses are used', async () => {
  const { lookUp, warn } = lookupOf(good);
  expect(await lookUp()).toEqual([good]);
  expect(warn).not.toHaveBeenCalled();
});

test('only the log of the service says which address was refused', async () => {
  const { lookUp, warn } = lookupOf(good, bad);
  const refused = new AddressRefused("the host has an address that isn't public");
  await expect(lookUp()).rejects.toEqual(refused);
  expect(warn).toHaveBeenCalledWith(
    { hostname: 'shop.example', problem: '10.96.0.1 is not a public address (private)' },
    expect.any(String),
  );
});
