import { setTimeout as delay } from 'node:timers/promises';

/** Waits; an aborted signal ends the wait early and without an error. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/** The promise's outcome, or a rejection as soon as the signal aborts. */
export async function abortable<Value>(
  promise: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Grows from 250 ms by powers of two to 30 s. */
export function backoffMs(failures: number): number {
  return Math.min(250 * 2 ** Math.min(failures, 10), 30_000);
}
