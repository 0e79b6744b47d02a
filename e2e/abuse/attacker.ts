// The process of an attacker, so that the load of sending doesn't slow the bystander's clock. It attacks from `start` to
// `stop`, and then reports how many calls had which outcome.
import { setTimeout as delay } from 'node:timers/promises';
import { type Caller, createCaller, type Target } from './calls.ts';

/** What one attacker does. Passed to its process as JSON. */
export interface Attack {
  readonly target: Target;
  /** Calls in flight. */
  readonly atOnce: number;
  /** Calls begun a second, whether or not others have ended; as many as {@link atOnce} allows if absent. */
  readonly perSecond?: number | undefined;
  /** Whether each call has a token of its own, which isn't valid. */
  readonly newTokens: boolean;
}

/** By outcome of {@link Caller}. */
export type OutcomeCounts = Record<string, number>;

const attack = JSON.parse(process.argv[2] ?? '') as Attack;
const caller = createCaller(attack.target);
let counts: OutcomeCounts = {};
let attacking: Promise<void> | undefined;
let stopped = true;
let tokens = 0;

process.on('message', (message) => {
  if (message === 'start') {
    counts = {};
    stopped = false;
    attacking = attack.perSecond === undefined ? flood() : stream(attack.perSecond);
  } else {
    stopped = true;
    void attacking?.then(() => process.send?.(counts));
  }
});
process.on('disconnect', () => process.exit());

async function flood(): Promise<void> {
  const callOn = async () => {
    while (!stopped) await callOnce(caller);
  };
  await Promise.all(Array.from({ length: attack.atOnce }, callOn));
}

async function stream(perSecond: number): Promise<void> {
  const tickMs = 10;
  const underWay = new Set<Promise<void>>();
  let due = 0;
  while (!stopped) {
    await delay(tickMs);
    for (due += (perSecond * tickMs) / 1000; due >= 1; due -= 1) {
      const call = callOnce(caller);
      underWay.add(call);
      void call.finally(() => underWay.delete(call));
    }
  }
  await Promise.all(underWay);
}

async function callOnce({ call }: Caller): Promise<void> {
  tokens += 1;
  const { token } = attack.target;
  const outcome = await call(attack.newTokens ? `${token}${tokens}` : token);
  counts[outcome] = (counts[outcome] ?? 0) + 1;
}
