import { setTimeout as delay } from 'node:timers/promises';

/**
 * What `ask` returns once it satisfies. Errors count as "not yet".
 *
 * @throws {Error} with the last value or error when it doesn't within `limitMs`
 */
export async function awaitCondition<Value>(
  what: string,
  ask: () => Promise<Value> | Value,
  { satisfies, limitMs }: { satisfies: (value: Value) => boolean; limitMs: number },
): Promise<Value> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await ask();
      if (satisfies(value)) return value;
      last = JSON.stringify(value);
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${limitMs / 1000} s; at last: ${String(last)}`);
    }
    await delay(25);
  }
}
