import type { LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import { expect, jest, test } from '@jest/globals';
import { AddressRefused, checkedLookup } from './checked-lookup.ts';

const good = { address: '93.184.216.34', family: 4 };
const bad = { address: '10.96.0.1', family: 4 };

function lookupOf(...addresses: LookupAddress[]) {
  const onRefused = jest.fn();
  const lookup = promisify(checkedLookup(async () => addresses, onRefused));
  return { onRefused, lookUp: () => lookup('shop.example', { all: true }) };
}

test('public addresses are used', async () => {
  const { lookUp, onRefused } = lookupOf(good);
  expect(await lookUp()).toEqual([good]);
  expect(onRefused).not.toHaveBeenCalled();
});

test('the error doesn’t say which address was refused', async () => {
  const { lookUp, onRefused } = lookupOf(good, bad);
  const refused = new AddressRefused("the host has an address that isn't public");
  await expect(lookUp()).rejects.toEqual(refused);
  expect(onRefused).toHaveBeenCalledWith({
    hostname: 'shop.example',
    problem: '10.96.0.1 is not a public address (private)',
  });
});
