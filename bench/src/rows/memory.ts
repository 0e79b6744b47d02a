// The ledger's memory under minutes of the load of `earn`: how much it is, and whether it keeps growing.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { earnLoad } from '../load/earn-plan.ts';
import type { Contestant, Row } from '../row.ts';
import { slopeOf } from '../statistics.ts';
import { earnContestant } from './earn-contestants.ts';
import { type LedgerUnderTest, startLedgers } from './ledgers.ts';

const id = 'memory';
const minuteMs = 60_000;
const sampleEveryMs = 1_000;
const residentMiBMax = 350;
const growthPercentPerMinuteMax = 1;

export const memoryRow: Row = {
  id,
  title: `${earnLoad}: memory of the ledger from the third to the tenth minute; to take at most ${residentMiBMax} MiB, and to grow by at most ${growthPercentPerMinuteMax} % a minute`,
  unit: 'earns',
  isShared: false,
  isOnlyNamed: true,
  aims: [],
  effort: (isQuick) => {
    // A quick one only shows that the row works.
    const scale = isQuick ? 0.1 : 1;
    const warmUpMs = 3 * minuteMs * scale;
    const measureMs = 7 * minuteMs * scale;
    return { rounds: 1, window: { warmUpMs, measureMs }, firstWarmUpMs: warmUpMs };
  },
  async prepare(bench) {
    const ledgers = await startLedgers(bench, { name: id, state: 'new' });
    const contestants = ledgers.map((ledger) => watchedContestant(bench, ledger));
    return { contestants: await Promise.all(contestants), yardsticks: [] };
  },
};

async function watchedContestant(bench: Bench, ledger: LedgerUnderTest): Promise<Contestant> {
  const contestant = await earnContestant(bench, ledger, { id });
  return {
    ...contestant,
    async measure(window) {
      const samples = sampleMemory(ledger, window);
      const { details, ...measurement } = await contestant.measure(window);
      return { ...measurement, details: { ...details, ...memoryDetails(await samples) } };
    },
  };
}

interface Sample {
  readonly x: number;
  readonly y: number;
}

/** MiB by minutes, after the warm-up. */
async function sampleMemory(
  { services }: LedgerUnderTest,
  { warmUpMs, measureMs }: { warmUpMs: number; measureMs: number },
): Promise<Sample[]> {
  await delay(warmUpMs);
  const samples: Sample[] = [];
  const begin = performance.now();
  for (let now = begin; now < begin + measureMs; now = performance.now()) {
    const bytes = await services.ledger.residentBytes();
    samples.push({ x: (now - begin) / minuteMs, y: bytes / 2 ** 20 });
    await delay(sampleEveryMs);
  }
  return samples;
}

function memoryDetails(samples: readonly Sample[]): Record<string, number> {
  const mean = samples.reduce((sum, { y }) => sum + y, 0) / samples.length;
  const growth = (slopeOf(samples) / mean) * 100;
  return {
    residentMaxMiB: Math.round(Math.max(...samples.map(({ y }) => y))),
    residentMeanMiB: Math.round(mean),
    residentGrowthPerMinutePercent: Math.round(growth * 100) / 100,
  };
}
