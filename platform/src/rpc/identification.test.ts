import { expect, test } from '@jest/globals';
import { Unauthenticated } from '../auth/errors.ts';
import type { Caller, TokenVerifier } from '../auth/tokens.ts';
import { createIdentification } from './identification.ts';

const alice: Caller = {
  subject: 'alice',
  roles: new Set(['member']),
  programs: undefined,
  token: '',
};

/** Identifies the callers of some addresses, two at once of each, and knows the token `known`. */
function identifying(verify: TokenVerifier['verify']) {
  const identify = createIdentification({
    verifier: { remembered: (token) => (token === 'known' ? alice : undefined), verify },
    perAddressMax: 2,
    isTrusted: ({ address }) => address === 'gateway',
  });
  return async (address: string, authorization = 'Bearer new') =>
    identify({
      authorization: authorization === '' ? [] : [authorization],
      peer: () => ({ address, names: () => [] }),
    });
}

const reasonOf = ({ reason }: { reason: string }) => reason;

test('strangers of an address are verified a few at a time, whatever comes of it', async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  let verified: Promise<Caller> = promise;
  const identify = identifying(() => verified);
  const underWay = [identify('a', 'Bearer one'), identify('a', 'Bearer two')];
  await expect(identify('a', 'Bearer three')).rejects.toMatchObject({ reason: 'RATE_LIMITED' });
  expect(await identify('a', 'Bearer known')).toBe(alice);
  verified = Promise.resolve(alice);
  expect(await identify('b')).toBe(alice);
  reject(new Error('no keys'));
  await Promise.allSettled(underWay);
  expect(await identify('a')).toBe(alice);
});

test('calls that come together with one new token are one caller', async () => {
  let verified = 0;
  const identify = identifying(async () => {
    verified += 1;
    return alice;
  });
  const calls = Array.from({ length: 200 }, () => identify('a'));
  expect(await Promise.all(calls)).toEqual(calls.map(() => alice));
  expect(verified).toBe(1);
});

test('calls that come together with one bad token are refused, and each counts', async () => {
  const identify = identifying(async () => {
    throw new Unauthenticated('the token is bad');
  });
  const calls = Array.from({ length: 10 }, () => identify('a').then(() => 'let in', reasonOf));
  const reasons = await Promise.all(calls);
  expect(reasons.filter((reason) => reason === 'UNAUTHENTICATED')).toHaveLength(2);
  expect(reasons.filter((reason) => reason === 'RATE_LIMITED')).toHaveLength(8);
});

test.each([
  ['a bad token', 'Bearer bad'],
  ['no token', ''],
  ['something else', 'Basic YTpi'],
])('a caller with %s counts for a moment longer', async (_, authorization) => {
  const identify = identifying(async () => {
    throw new Unauthenticated('the token is bad');
  });
  const attempt = () => identify('a', authorization).then(() => 'let in', reasonOf);
  expect([await attempt(), await attempt()]).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  expect(await attempt()).toBe('RATE_LIMITED');
  while ((await attempt()) === 'RATE_LIMITED') {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('the callers of a gateway, which has counted them, have no limit of their address', async () => {
  const identify = identifying(async () => {
    throw new Unauthenticated('the token is bad');
  });
  for (let count = 0; count < 10; count += 1) {
    expect(await identify('gateway').catch(reasonOf)).toBe('UNAUTHENTICATED');
  }
});
