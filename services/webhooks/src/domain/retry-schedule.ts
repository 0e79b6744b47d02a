const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** The delays between attempts that Standard Webhooks recommends: a little more than three days in all. */
const delaysMs: readonly number[] = [
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];

export const attemptsMax = delaysMs.length + 1;

/** A tenth more or less, so that deliveries that failed together aren't tried again together. */
const jitter = 0.1;

/** The longest that an endpoint can ask for. */
export const retryAfterMsMax = 24 * hourMs;

/**
 * How long to wait after the given number of attempts; undefined after the last one.
 *
 * @param random from 0 to 1
 */
export function retryDelayMs(attemptCount: number, random: number): number | undefined {
  const delayMs = delaysMs[attemptCount - 1];
  return delayMs === undefined
    ? undefined
    : Math.round(delayMs * (1 - jitter + 2 * jitter * random));
}

/** Consecutive failures before an endpoint is paused; healthy ones fail occasionally. */
export const unreachableCountMax = 5;

/** How long an endpoint that can't be reached is paused: not at first, then from 1 s, doubling up to 5 minutes. */
export function pauseMs(unreachableCount: number): number {
  const doublings = unreachableCount - unreachableCountMax;
  return doublings < 0 ? 0 : Math.min(secondMs * 2 ** Math.min(doublings, 20), 5 * minuteMs);
}

/**
 * The header Retry-After in milliseconds from now: seconds, or a date. Undefined for anything else; at most
 * {@link retryAfterMsMax}.
 */
export function retryAfterMsOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * secondMs : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), retryAfterMsMax);
}
