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

/** A row for people: each contestant's throughput and latency, then the ratios. */
export function tableOf({ title, unit, contestants, ratios, verified }: RowResult): string[] {
  const titleWidth = Math.max(...contestants.map((contestant) => nameOf(contestant).length));
  const head = [
    '',
    `${unit}/s`,
    'min – max',
    'p50 ms',
    'p99 ms',
    'CPU µs/call',
    'PG µs/call',
    'MiB',
  ];
  const lines = contestants.map((contestant) => {
    const { perSecond, latencyMs, details } = contestant;
    return columns(titleWidth, [
      nameOf(contestant),
      whole(perSecond.median),
      `${whole(perSecond.min)} – ${whole(perSecond.max)}`,
      latencyMs ? latencyMs.p50.median.toFixed(1) : '',
      latencyMs ? latencyMs.p99.median.toFixed(1) : '',
      optional(details['serviceCpuPerCallUs']),
      optional(details['postgresCpuPerCallUs']),
      optional(details['serviceResidentMiB']),
    ]);
  });
  return [
    '',
    styleText('bold', title),
    styleText('dim', columns(titleWidth, head)),
    ...lines,
    '',
    ...ratios.map((ratio) => ratioLine(ratio, contestants)),
    ...detailLines(contestants),
    `${styleText('green', '✓')} ${verified}`,
  ];
}

function nameOf({ id, title }: ContestantResult): string {
  return `${id.padEnd(7)}  ${title}`;
}

function columns(titleWidth: number, [title = '', ...values]: readonly string[]): string {
  const widths = [9, 17, 8, 8, 12, 11, 6];
  const cells = values.map((value, index) => value.padStart(widths[index] ?? 0));
  return [title.padEnd(titleWidth), ...cells].join(' ').trimEnd();
}

function ratioLine(
  { against, of, atLeast, ratio, ofMedians }: RatioResult,
  [own]: readonly ContestantResult[],
): string {
  const what = of === undefined ? '' : `  ${of}`;
  const text = `${own?.id} / ${against}  ${describeRatio(ratio)}, of medians ${ofMedians.toFixed(2)}${what}`;
  if (atLeast === undefined) return text;
  const isReached = ratio.median >= atLeast;
  const verdict = styleText(isReached ? 'green' : 'yellow', isReached ? 'reached' : 'not reached');
  return `${text}  target: ${atLeast}  ${verdict}`;
}

/** `1.42 (1.38 – 1.47)`: the median, the least and the most of the rounds. */
export function describeRatio({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
}

// The columns show some of the details already.
function detailLines([own]: readonly ContestantResult[]): string[] {
  const shown = ['serviceCpuPerCallUs', 'postgresCpuPerCallUs', 'serviceResidentMiB'];
  const rest = Object.entries(own?.details ?? {}).filter(([name]) => !shown.includes(name));
  return rest.map(([name, value]) => styleText('dim', `${name} ${value}`));
}

/** `8,300` */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function optional(value: number | undefined): string {
  return value === undefined ? '' : whole(value);
}
