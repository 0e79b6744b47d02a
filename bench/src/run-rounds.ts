import type { Aim, Contestant, Measurement, PreparedRow, Row, Window } from './row.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

/** What a row gave, as it is kept in the results file. */
export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly contestants: readonly ContestantResult[];
  readonly ratios: readonly RatioResult[];
  /** The result of comparing responses with what is stored. */
  readonly verified: string;
}

export interface ContestantResult {
  readonly id: string;
  readonly title: string;
  readonly perSecond: Spread;
  /** Milliseconds; absent where the tool doesn't report it. */
  readonly latencyMs?: { readonly p50: Spread; readonly p99: Spread };
  /** The median of each. */
  readonly details: Readonly<Record<string, number>>;
  readonly rounds: readonly Measurement[];
}

export interface RatioResult extends Aim {
  readonly ratio: Spread;
  /** The median of the one over the median of the other: steadier than the median of ratios where few rounds are quiet. */
  readonly ofMedians: number;
}

/** Measures all contestants in every round, so that a change of the machine's mood meets them all. */
export async function runRounds(
  row: Row,
  prepared: PreparedRow,
  options: { rounds: number; window: Window; tell: (line: string) => void; aims?: readonly Aim[] },
): Promise<RowResult> {
  const { contestants } = prepared;
  const measured = new Map<string, Measurement[]>(contestants.map(({ id }) => [id, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const contestant of inTurn(contestants, round)) {
      const measurement = await contestant.measure(options.window);
      measured.get(contestant.id)?.push(measurement);
      const rate = Math.round(measurement.perSecond).toLocaleString('en');
      options.tell(`round ${round + 1} of ${options.rounds}  ${contestant.id.padEnd(7)} ${rate}/s`);
    }
  }
  const results = contestants.map((contestant) =>
    contestantResult(contestant, measured.get(contestant.id) ?? []),
  );
  return {
    id: row.id,
    title: row.title,
    unit: row.unit,
    contestants: results,
    ratios: [...row.aims, ...(options.aims ?? [])].flatMap((aim) => ratioResult(aim, results)),
    verified: await prepared.verify(),
  };
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
  const names = Object.keys(rounds[0]?.details ?? {});
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
      },
    }),
    details: Object.fromEntries(names.map((name) => [name, medianOf(name)])),
    rounds,
  };
}

/** No ratio of a detail that isn't known on this system. */
function ratioResult(aim: Aim, [own, ...others]: readonly ContestantResult[]): RatioResult[] {
  const other = others.find(({ id }) => id === aim.against);
  if (own === undefined || other === undefined) throw new Error(`There is no ${aim.against}`);
  const values = ({ rounds }: ContestantResult) =>
    rounds.flatMap(({ perSecond, details }) =>
      aim.of === undefined ? perSecond : (details[aim.of] ?? []),
    );
  const [ours, theirs] = [values(own), values(other)];
  if (ours.length === 0) return [];
  const ofMedians = spreadOf(ours).median / spreadOf(theirs).median;
  return [{ ...aim, ratio: ratioOf(ours, theirs), ofMedians }];
}
