import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { Transaction } from './language.ts';

/** When a transaction happened; undefined where it doesn't say. Parts of a millisecond are dropped. */
export function occurTimeOf({ occurTime }: Transaction): Date | undefined {
  return occurTime && timestampDate(occurTime);
}
