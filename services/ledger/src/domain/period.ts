import type { Instant } from './instant.ts';

/** From its start up to, not including, its end. */
export interface Period {
  readonly startTime: Instant;
  readonly endTime: Instant;
}

export function isWithin(instant: Instant, { startTime, endTime }: Period): boolean {
  return startTime <= instant && instant < endTime;
}
