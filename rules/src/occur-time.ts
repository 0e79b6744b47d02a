import { epochMs } from './epoch-ms.ts';
import type { Transaction } from './language.ts';

/** When a transaction happened, to the millisecond; undefined where it doesn't say. */
export function occurTimeOf({ occurTime }: Transaction): Date | undefined {
  return occurTime && new Date(epochMs(occurTime));
}
