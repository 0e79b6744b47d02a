/** For each condition that a caller set, the etags that it accepts; `*` accepts every etag. */
export type EtagConditions = readonly (readonly string[])[];

/** Whether every condition accepts an etag that is current. */
export function areEtagsCurrent(
  conditions: EtagConditions,
  isCurrent: (etag: string) => boolean,
): boolean {
  return conditions.every((accepted) => accepted.some((etag) => etag === '*' || isCurrent(etag)));
}
