import type { Aim, Contestant, Effort, Measurement, PreparedRow, Row } from './row.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

/** What a row gave, as it is kept in the results file. */
export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** The row's own, then its yardsticks. */
  readonly contestants: readonly ContestantResult[];
  readonly ratios: readonly RatioResult[];
  /** The results of comparing responses with what is stored. */
  readonly verified: readonly string[];
}

export interface ContestantResult {
  readonly id: string;
  readonly title: string;
  readonly perSecond: Spread;
  /** Milliseconds; absent where the tool doesn't report it. */
  readonly latencyMs?: { readonly p50: Spread; readonly p99: Spread; readonly p999: Spread };
  /** The median of each. */
  readonly details: Readonly<Record<string, number>>;
  readonly rounds: readonly Measurement[];
}

export interface RatioResult extends Aim {
  readonly from: string;
  readonly ratio: Spread;
  /** The median of the one over the median of the other: steadier than the median of ratios where few rounds are quiet. */
  readonly ofMedians: number;
}

/** A row that is ready to be measured, and what it is compared with in this run. */
export interface ReadyRow {
  readonly row: Row;
  readonly prepared: PreparedRow;
  readonly aims: readonly Aim[];
}

/**
 * Measures all contestants of the rows in every round, so that a change of the machine's mood meets them all. A contestant
 * of several rows is measured once a round.
 */
export async function runRounds(
  rows: readonly ReadyRow[],
  { rounds, window, firstWarmUpMs, print }: Effort & { print: (line: string) => void },
): Promise<RowResult[]> {
  const contestants = distinct(
    rows.flatMap(({ prepared }) => [...prepared.contestants, ...prepared.yardsticks]),
  );
  const measured = new Map<string, Measurement[]>(contestants.map(({ id }) => [id, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contestant of inTurn(contestants, round)) {
      const warmUpMs = round === 0 ? firstWarmUpMs : window.warmUpMs;
      const measurement = await contestant.measure({ ...window, warmUpMs });
      measured.get(contestant.id)?.push(measurement);
      const rate = Math.round(measurement.perSecond).toLocaleString('en');
      print(`round ${round + 1} of ${rounds}  ${contestant.id.padEnd(15)} ${rate}/s`);
    }
  }
  const results = contestants.map((contestant) =>
    contestantResult(contestant, measured.get(contestant.id) ?? []),
  );
  const verified = new Map<string, string>();
  for (const { id, verify } of contestants) {
    if (verify !== undefined) verified.set(id, await verify());
  }
  return rows.map(({ row, prepared, aims }) => {
    const ids = distinct([...prepared.contestants, ...prepared.yardsticks]).map(({ id }) => id);
    return {
      id: row.id,
      title: row.title,
      unit: row.unit,
      contestants: results.filter(({ id }) => ids.includes(id)),
      ratios: aims.flatMap((aim) => ratioResult({ from: row.id, ...aim }, results)),
      verified: ids.flatMap((id) => verified.get(id) ?? []),
    };
  });
}

function distinct(contestants: readonly Contestant[]): Contestant[] {
  return [...new Map(contestants.map((contestant) => [contestant.id, contestant])).values()];
}

/** Each round starts with another one, so that none always runs after the same contestant. */
function inTurn<Item>(items: readonly Item[], round: number): Item[] {
  const first = round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

function contestantResult(
  { id, title }: Contestant,
  rounds: readonly Measurement[],
): ContestantResult {
  const latencies = rounds.flatMap(({ latencyMs }) => (latencyMs ? [latencyMs] : []));
  const names = new Set(rounds.flatMap(({ details }) => Object.keys(details)));
  const medianOf = (name: string) =>
    spreadOf(rounds.flatMap(({ details }) => details[name] ?? [])).median;
  return {
    id,
    title,
    perSecond: spreadOf(rounds.map(({ perSecond }) => perSecond)),
    ...(latencies.length > 0 && {
      latencyMs: {
        p50: spreadOf(latencies.map(({ p50 }) => p50)),
        p99: spreadOf(latencies.map(({ p99 }) => p99)),
        p999: spreadOf(latencies.map(({ p999 }) => p999)),
      },
    }),
    details: Object.fromEntries([...names].map((name) => [name, medianOf(name)])),
    rounds,
  };
}

/** No ratio of a detail that isn't known of both, or of nothing to nothing. */
function ratioResult(
  aim: Aim & { from: string },
  results: readonly ContestantResult[],
): RatioResult[] {
  const valuesOf = (id: string, name: string | undefined) => {
    const result = results.find((each) => each.id === id);
    if (result === undefined) throw new Error(`There is no ${id}`);
    return result.rounds.flatMap(({ perSecond, details }) =>
      name === undefined ? perSecond : (details[name] ?? []),
    );
  };
  const ours = valuesOf(aim.from, aim.of);
  const theirs = valuesOf(aim.against, aim.to ?? aim.of);
  if (ours.length === 0 || theirs.length !== ours.length || theirs.includes(0)) return [];
  const ofMedians = spreadOf(ours).median / spreadOf(theirs).median;
  return [{ ...aim, ratio: ratioOf(ours, theirs), ofMedians }];
}
