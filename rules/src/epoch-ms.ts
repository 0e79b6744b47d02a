import type { Timestamp } from '@bufbuild/protobuf/wkt';

/**
 * A timestamp in whole milliseconds since 1970, the rest cut off. Rounded, the last instants of a day or a campaign
 * would belong to the next.
 */
export function epochMs({ seconds, nanos }: Timestamp): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
}
