import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { epochMs } from './epoch-ms.ts';
import type { Purchase } from './language.ts';

/** When a transaction happened, to the millisecond; undefined where it doesn't say. */
export function occurTimeOf({ occurTime }: Purchase): Date | undefined {
  return occurTime && new Date(epochMs(occurTime));
}

/** The purchase as if it happened at that time. */
export function purchaseAt(purchase: Purchase, time: Date): Purchase {
  return { ...purchase, occurTime: timestampFromDate(time) };
}
