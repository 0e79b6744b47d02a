/** The oldest release of nats-server that the platform is meant for. */
const oldest = { major: 2, minor: 10 };

/** What an older nats-server than the platform needs does wrong; undefined for one that is new enough, or unknown. */
export function versionProblem(version: string): string | undefined {
  const [, major, minor] = /^v?(\d+)\.(\d+)\b/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const isOld =
    Number(major) < oldest.major ||
    (Number(major) === oldest.major && Number(minor) < oldest.minor);
  return isOld
    ? `nats-server ${version} is older than ${oldest.major}.${oldest.minor}: after it is killed, messages that were acknowledged can stay in a work queue, where they count as waiting; upgrade it`
    : undefined;
}
