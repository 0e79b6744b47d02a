import { setTimeout as delay } from 'node:timers/promises';
import { patience } from '@loyalty/local/test-patience.ts';

/** Reads a value until it satisfies the condition; rejects with the last value when it doesn't in time. */
export async function until<Value>(
  ask: () => Promise<Value>,
  satisfies: (value: Value) => boolean,
  { quietMs = 10_000 } = {},
): Promise<Value> {
  const limitMs = patience(quietMs);
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (satisfies(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`Not within ${limitMs} ms; at last: ${JSON.stringify(value)}`);
    }
    await delay(50);
  }
}
