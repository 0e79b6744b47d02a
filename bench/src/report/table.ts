import { styleText } from 'node:util';
import type { Environment } from '../machine/environment.ts';
import type { ContestantResult, RatioResult, RowResult } from '../run-rounds.ts';
import type { Spread } from '../statistics.ts';

/** What the figures depend on, in a few lines. */
export function environmentLines(environment: Environment): string[] {
  const settings = Object.entries(environment.postgresSettings);
  return [
    `${environment.cpu}, ${environment.cores} cores, ${environment.memoryGiB} GiB, ${environment.operatingSystem}; load before the run ${environment.loadBefore}`,
    `Node ${environment.node}, commit ${environment.commit}`,
    `PostgreSQL ${environment.postgres}: ${settings.map(([name, value]) => `${name}=${value}`).join(', ')}`,
  ];
}

/** Costs of one call that have a column, by the name of the detail. */
export const costColumns = [
  ['serviceCpuPerCallUs', 'CPU µs'],
  ['serviceAllocatedPerCallBytes', 'alloc B'],
  ['postgresCpuPerCallUs', 'PG µs'],
  ['natsCpuPerCallUs', 'NATS µs'],
  ['clientCpuPerCallUs', 'client µs'],
  ['statementsPerCall', 'stmts'],
  ['walPerCallBytes', 'WAL B'],
] as const;

/** A row for people: each contestant's throughput, latency and costs, then the ratios. */
export function tableOf({ title, unit, contestants, ratios, verified }: RowResult): string[] {
  const idWidth = Math.max(...contestants.map(({ id }) => id.length));
  const costs = costColumns.filter(([name]) =>
    contestants.some(({ details }) => details[name] !== undefined),
  );
  const head = ['', `${unit}/s`, 'min – max', 'p50 ms', 'p99 ms', 'p99.9 ms'];
  const lines = contestants.map(({ id, perSecond, latencyMs, details }) =>
    columns(idWidth, [
      id,
      whole(perSecond.median),
      `${whole(perSecond.min)} – ${whole(perSecond.max)}`,
      ...[latencyMs?.p50, latencyMs?.p99, latencyMs?.p999].map((spread) =>
        spread === undefined ? '' : spread.median.toFixed(1),
      ),
      ...costs.map(([name]) => cost(details[name])),
    ]),
  );
  return [
    '',
    styleText('bold', title),
    styleText('dim', columns(idWidth, [...head, ...costs.map(([, name]) => name)])),
    ...lines,
    ...contestants.map((each) => styleText('dim', `${each.id.padEnd(idWidth)} ${each.title}`)),
    '',
    ...ratios.map(ratioLine),
    ...detailLines(contestants),
    ...verified.map((found) => `${styleText('green', '✓')} ${found}`),
  ];
}

function columns(idWidth: number, [id = '', ...values]: readonly string[]): string {
  const widths = [13, 17, 8, 8, 8];
  const cells = values.map((value, index) => value.padStart(widths[index] ?? 9));
  return [id.padEnd(idWidth), ...cells].join(' ').trimEnd();
}

function ratioLine(result: RatioResult): string {
  const { ratio, ofMedians } = result;
  const text = `${comparedIn(result)}  ${describeRatio(ratio)}, of medians ${ofMedians.toFixed(2)}`;
  const target = targetOf(result);
  if (target === undefined) return text;
  const isReached =
    ratio.median >= (result.atLeast ?? 0) && ratio.median <= (result.atMost ?? Infinity);
  const verdict = styleText(isReached ? 'green' : 'yellow', isReached ? 'reached' : 'not reached');
  return `${text}  target: ${target}  ${verdict}`;
}

/** `earn / P  postgresCpuPerCallUs / allCpuPerCallUs` */
export function comparedIn({ from, against, of, to }: RatioResult): string {
  return [`${from} / ${against}`, [of, to].filter(Boolean).join(' / ')].join('  ').trimEnd();
}

/** `at least 3`; undefined where none is set. */
export function targetOf({ atLeast, atMost }: RatioResult): string | undefined {
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? undefined : `at most ${atMost}`;
}

/** `1.42 (1.38 – 1.47)`: the median, the least and the most of the rounds. */
export function describeRatio({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
}

// The columns show the others.
function detailLines(contestants: readonly ContestantResult[]): string[] {
  const shown: readonly string[] = costColumns.map(([name]) => name);
  const rest = Object.entries(contestants[0]?.details ?? {}).filter(
    ([name]) => !shown.includes(name),
  );
  return rest.map(([name, value]) => styleText('dim', `${name} ${value}`));
}

/** `8,300` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function cost(value: number | undefined): string {
  if (value === undefined) return '';
  return value < 10 ? value.toFixed(2) : whole(value);
}
