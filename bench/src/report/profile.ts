// A CPU profile for the first look: who spends the time, by package and by our own folders.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

/** What a `.cpuprofile` file holds, as far as it is read here: the format of V8's inspector. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** The microseconds that passed before each sample. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

export interface ProfileShare {
  /** A package, one of our folders, a module of Node, or what V8 does itself. */
  readonly place: string;
  /** The share of the time in which the thread wasn't idle. */
  readonly share: number;
}

const shownShareMin = 0.005;

/** The self time of each place, the greatest first. Idle time isn't counted. */
export function profileShares(profiles: readonly CpuProfile[], root: string): ProfileShare[] {
  const selfUs = new Map<string, number>();
  for (const { nodes, samples, timeDeltas } of profiles) {
    const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame, root)]));
    for (const [index, id] of samples.entries()) {
      const place = places.get(id) ?? 'unknown';
      // A sample stands for the time until the next one.
      selfUs.set(place, (selfUs.get(place) ?? 0) + Math.max(timeDeltas[index + 1] ?? 0, 0));
    }
  }
  selfUs.delete('(idle)');
  const sum = [...selfUs.values()].reduce((all, us) => all + us, 0);
  return [...selfUs]
    .map(([place, us]) => ({ place, share: us / sum }))
    .toSorted((one, other) => other.share - one.share);
}

function placeOf({ functionName, url }: ProfileNode['callFrame'], root: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : `native ${functionName}`;
  if (url.startsWith('node:')) return url;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  if (name !== undefined) return name;
  const own = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
  return own.slice(0, Math.max(own.lastIndexOf('/'), 0));
}

export function readProfiles(files: readonly string[]): CpuProfile[] {
  return files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as CpuProfile);
}

/** The windows of a contestant together, as lines for people. */
export function profileLines(
  id: string,
  { profiles, root }: { profiles: readonly CpuProfile[]; root: string },
): string[] {
  const shown = profileShares(profiles, root).filter(({ share }) => share >= shownShareMin);
  return [
    '',
    styleText('bold', `${id}: self time of its process in ${profiles.length} measured windows`),
    ...shown.map(({ place, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${place}`),
  ];
}
