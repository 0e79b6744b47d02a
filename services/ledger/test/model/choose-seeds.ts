// Chooses the seeds that `npm test` plays: few that together reach every outcome that any of many seeds reaches, most of them
// more than once. To be run after a change of what random commands are made of:
//
//   node scripts/run.cjs services/ledger/test/model/choose-seeds.ts [how many seeds to look at, 300 by default]
import { writeCoverage } from './coverage.ts';
import { outcomesOf } from './outcomes.ts';
import { createStory } from './story.ts';

const candidates = Number(process.argv[2] ?? 300);
/** How many of the chosen seeds reach an outcome, if that many do: one may reach it in vain. */
const wantedTimes = 2;

const reachedBy = new Map<number, ReadonlySet<string>>();
const missingTimes = new Map<string, number>();
for (let seed = 1; seed <= candidates; seed += 1) {
  const turns = [...createStory(seed).rounds].flatMap((round) => round.turns);
  const reached = new Set(turns.flatMap(outcomesOf));
  reachedBy.set(seed, reached);
  for (const outcome of reached) {
    missingTimes.set(outcome, Math.min((missingTimes.get(outcome) ?? 0) + 1, wantedTimes));
  }
  if (seed % 10 === 0) console.error(`looked at ${seed} of ${candidates} seeds`);
}

const outcomes = [...missingTimes.keys()].toSorted();
const seeds: number[] = [];
while (gainOf(new Set(outcomes)) > 0) {
  const [best] = [...reachedBy].toSorted(([, a], [, b]) => gainOf(b) - gainOf(a));
  if (best === undefined) throw new Error('there are no seeds to choose from');
  const [seed, reached] = best;
  reachedBy.delete(seed);
  seeds.push(seed);
  for (const outcome of reached) {
    missingTimes.set(outcome, Math.max((missingTimes.get(outcome) ?? 0) - 1, 0));
  }
}
writeCoverage({ seeds: seeds.toSorted((a, b) => a - b), outcomes });
console.error(`${seeds.length} seeds reach ${outcomes.length} outcomes`);

function gainOf(reached: ReadonlySet<string>): number {
  return [...reached].filter((outcome) => (missingTimes.get(outcome) ?? 0) > 0).length;
}
