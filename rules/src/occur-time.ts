import { epochMs } from './epoch-ms.ts';
import type { Purchase } from './language.ts';

/** When a transaction happened, to the millisecond; undefined where it doesn't say. */
export function occurTimeOf({ occurTime }: Purchase): Date | undefined {
  return occurTime && new Date(epochMs(occurTime));
}
