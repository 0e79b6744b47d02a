// Chooses the seeds that `npm test` plays: few that together reach every outcome that any of many seeds reaches. To be run
// after a change of what random commands are made of:
//
//   node scripts/run.cjs services/ledger/test/model/choose-seeds.ts [how many seeds to look at, 300 by default]
import { writeCoverage } from './coverage.ts';
import { outcomesOf } from './outcomes.ts';
import { createStory } from './story.ts';

const candidates = Number(process.argv[2] ?? 300);

const reachedBy = new Map<number, ReadonlySet<string>>();
for (let seed = 1; seed <= candidates; seed += 1) {
  const turns = [...createStory(seed).rounds].flatMap((round) => round.turns);
  reachedBy.set(seed, new Set(turns.flatMap(outcomesOf)));
  if (seed % 10 === 0) console.error(`looked at ${seed} of ${candidates} seeds`);
}

const outcomes = new Set([...reachedBy.values()].flatMap((reached) => [...reached]));
const missing = new Set(outcomes);
const seeds: number[] = [];
while (missing.size > 0) {
  // The one that reaches most of what is missing.
  const [best] = [...reachedBy]
    .map(([seed, reached]) => ({ seed, reached, gain: reached.intersection(missing).size }))
    .toSorted((a, b) => b.gain - a.gain);
  if (best === undefined) throw new Error('there are no seeds to choose from');
  seeds.push(best.seed);
  for (const outcome of best.reached) missing.delete(outcome);
}
writeCoverage({ seeds: seeds.toSorted((a, b) => a - b), outcomes: [...outcomes].toSorted() });
console.error(`${seeds.length} seeds reach ${outcomes.size} outcomes`);
