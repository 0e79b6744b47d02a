import { expect, test } from '@jest/globals';
import type { Caller } from '@loyalty/platform/auth/tokens.ts';
import { createCallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import { defaultLimits } from './limits.ts';
import { createRequestLimits } from './request-limits.ts';

const alice: Caller = {
  subject: 'alice',
  roles: new Set(['member']),
  programs: undefined,
  token: '',
};
const limits = {
  ...defaultLimits,
  callsInFlightMax: 3,
  bytesInFlightMax: 1000,
};

function requestLimits() {
  const member = { ...limits.callers.member, callsInFlightMax: 2, rate: undefined };
  return createRequestLimits(limits, createCallerLimits({ ...limits.callers, member }));
}

test('a request that leaves before its token is verified leaves nothing behind', () => {
  const requests = requestLimits();
  for (let count = 0; count < 10; count += 1) {
    const arrival = requests.arrive();
    arrival.leave();
    arrival.identify(alice, 900);
  }
  const arrivals = [requests.arrive(), requests.arrive()];
  for (const arrival of arrivals) expect(() => arrival.identify(alice, 400)).not.toThrow();
});

test('requests, bodies and callers are counted until they leave, once', () => {
  const requests = requestLimits();
  const [first, second, third] = [requests.arrive(), requests.arrive(), requests.arrive()];
  expect(() => requests.arrive()).toThrow('limit of requests in flight');
  first.identify(alice, 600);
  expect(() => second.identify(alice, 500)).toThrow('limit of request bytes');
  second.identify(alice, 400);
  expect(() => third.identify(alice, 0)).toThrow('already has 2 calls in flight');
  first.leave();
  first.leave();
  third.identify(alice, 600);
  requests.arrive();
  expect(() => requests.arrive()).toThrow('limit of requests in flight');
});
