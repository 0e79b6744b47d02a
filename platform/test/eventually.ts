import { setTimeout as delay } from 'node:timers/promises';
import { patience } from '@loyalty/local/test-patience.ts';

/** Waits until a condition holds, looking every 20 ms. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  quietMs = 10_000,
): Promise<void> {
  const withinMs = patience(quietMs);
  const end = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(20);
  }
}
