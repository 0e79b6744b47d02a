import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { epochMs } from './epoch-ms.ts';
import type { Instant } from './instant.ts';
import type { Purchase } from './language.ts';

/** When a transaction happened, to the millisecond; undefined where it doesn't say. */
export function occurTimeOf({ occurTime }: Purchase): Instant | undefined {
  return occurTime && epochMs(occurTime);
}

/** The purchase as if it happened at that time. */
export function purchaseAt(purchase: Purchase, time: Instant): Purchase {
  return { ...purchase, occurTime: timestampFromMs(time) };
}
