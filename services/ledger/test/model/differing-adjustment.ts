interface AdjustmentContent {
  points: number;
  allowDeficit: boolean;
  availableTime?: number;
  expireTime?: number;
}

/**
 * The fields in which two adjustments with one key differ, from their contents as text. The ledger compares dates only by a
 * fingerprint, so it names both.
 */
export function differingAdjustment(first: string, again: string): string[] {
  const before = JSON.parse(first) as AdjustmentContent;
  const after = JSON.parse(again) as AdjustmentContent;
  const sameDates =
    before.availableTime === after.availableTime && before.expireTime === after.expireTime;
  return [
    ...(before.points === after.points ? [] : ['points']),
    ...(sameDates ? [] : ['available_time', 'expire_time']),
  ];
}
