/**
 * The version that a transaction earns under: the one in force when it happened, but never a later one than is in force
 * now; transactions from before the first version use the first. Undefined while no version is in force.
 *
 * Takes published versions in the order of their effective times, without withdrawn ones.
 */
export function ruleSetInForce<Version extends { readonly effectiveTime: Date | undefined }>(
  versions: readonly Version[],
  occurTime: Date,
  now: Date,
): Version | undefined {
  const startedBy = (instant: Date) =>
    versions.findLast(
      ({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= instant,
    );
  if (occurTime >= now) return startedBy(now);
  return startedBy(occurTime) ?? firstInForce(versions, now);
}

function firstInForce<Version extends { readonly effectiveTime: Date | undefined }>(
  versions: readonly Version[],
  now: Date,
): Version | undefined {
  return versions.find(({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= now);
}
