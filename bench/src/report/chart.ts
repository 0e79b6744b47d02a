import type { Environment } from '../machine/environment.ts';
import type { ContestantResult, RatioResult, RowResult } from '../run-rounds.ts';
import { comparedIn, describeRatio, environmentLines, targetOf, whole } from './table.ts';

export interface Charted {
  readonly startTime: Date;
  readonly environment: Environment;
  readonly rows: readonly RowResult[];
}

const width = 860;
const left = 24;
const barLeft = 320;
const barRight = width - 130;
const barHeight = 20;
const barStep = 34;
const rowHead = 44;
const lineHeight = 17;

/** An SVG: a bar for each contestant's median, a whisker from its least to its most, the ratios in words. */
export function chartOf({ startTime, environment, rows }: Charted): string {
  const parts: string[] = [];
  let y = 24;
  for (const row of rows) {
    parts.push(rowChart(row, y));
    y += rowHead + row.contestants.length * barStep + row.ratios.length * lineHeight + 24;
  }
  const notes = [...environmentLines(environment), startTime.toISOString()];
  parts.push(
    ...notes.map((note, index) => text({ x: left, y: y + index * 14, label: note, kind: 'note' })),
  );
  const height = y + notes.length * 14 + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>What the platform does per second, beside its yardsticks</title>
<style>
  svg { background: #fff; font-family: system-ui, sans-serif; font-size: 13px; fill: #1f2933 }
  .title { font-size: 16px; font-weight: 600 }
  .note { font-size: 10px; fill: #66707a }
  .figure { font-weight: 600 }
  .own { fill: #2563a8 }
  .yardstick { fill: #a9b4bf }
  .whisker { stroke: #1f2933; stroke-width: 1.5 }
</style>
${parts.join('\n')}
</svg>
`;
}

function rowChart({ id, title, unit, contestants, ratios }: RowResult, top: number): string {
  const most = Math.max(...contestants.map(({ perSecond }) => perSecond.max));
  const scale = (value: number) => barLeft + (value / most) * (barRight - barLeft);
  const bars = contestants.map((contestant, index) =>
    bar(contestant, { y: top + rowHead + index * barStep, scale, isOwn: contestant.id === id }),
  );
  const ratiosTop = top + rowHead + contestants.length * barStep + 12;
  return [
    text({ x: left, y: top + 16, label: `${title}: ${unit} per second`, kind: 'title' }),
    ...bars,
    ...ratios.map((ratio, index) =>
      text({ x: left, y: ratiosTop + index * lineHeight, label: ratioText(ratio) }),
    ),
  ].join('\n');
}

function bar(
  { id, title, perSecond: { median, min, max } }: ContestantResult,
  { y, scale, isOwn }: { y: number; scale: (value: number) => number; isOwn: boolean },
): string {
  const middle = y + barHeight / 2;
  const [start, end] = [scale(min), scale(max)].map((value) => value.toFixed(1));
  const barWidth = (scale(median) - barLeft).toFixed(1);
  return [
    text({ x: left, y: middle + 4, label: `${id}  ${title}` }),
    `<rect x="${barLeft}" y="${y}" width="${barWidth}" height="${barHeight}" rx="2" class="${isOwn ? 'own' : 'yardstick'}"/>`,
    `<path class="whisker" d="M${start} ${middle}H${end}M${start} ${middle - 4}v8M${end} ${middle - 4}v8"/>`,
    text({ x: Math.round(scale(max)) + 10, y: middle + 4, label: whole(median), kind: 'figure' }),
  ].join('\n');
}

function ratioText(result: RatioResult): string {
  const target = targetOf(result);
  const aim = target === undefined ? '' : `, target ${target}`;
  return `${comparedIn(result)}: ${describeRatio(result.ratio)}${aim}`;
}

type Kind = 'title' | 'note' | 'figure';

function text({ x, y, label, kind }: { x: number; y: number; label: string; kind?: Kind }): string {
  const escaped = label.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}"${kind ? ` class="${kind}"` : ''}>${escaped}</text>`;
}
