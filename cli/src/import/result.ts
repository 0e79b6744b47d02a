import { printable } from '../printable.ts';
import type { RejectedFile } from './rejected-file.ts';
import type { Rejections } from './rejections.ts';
import type { Answer } from './sending.ts';

/** What an import's lines came to. */
export interface ImportResult {
  /** Done by this import. */
  posted: { lines: number; points: bigint };
  /** Refunds done by this import, and the points that they took back. */
  refunded: { lines: number; points: bigint };
  /** Refunds that wait for a purchase that isn't known yet. */
  waiting: number;
  /** Done before: by an earlier import, or reported in another way. */
  known: number;
  /** The same as an earlier line of the file with its id. */
  repeated: number;
}

export function emptyResult(): ImportResult {
  return {
    posted: { lines: 0, points: 0n },
    refunded: { lines: 0, points: 0n },
    waiting: 0,
    known: 0,
    repeated: 0,
  };
}

export function countDone(
  result: ImportResult,
  { points, replayed, waits = false }: Extract<Answer, { kind: 'done' }>,
  { isRefund }: { isRefund: boolean },
): void {
  if (waits) {
    result.waiting += 1;
  } else if (replayed) {
    result.known += 1;
  } else {
    const sum = isRefund ? result.refunded : result.posted;
    sum.lines += 1;
    sum.points += points;
  }
}

interface Wording {
  /** What the program's points are called. */
  readonly pointsName: string;
  readonly rejections: Rejections;
  readonly rejectedFile: RejectedFile;
  /** Whether there were refunds to import. */
  readonly refunds: boolean;
  /** Lines that equal another one and have no id; undefined where lines have ids. */
  readonly equalCount: number | undefined;
}

/** The result for a person: numbers, then the first rejected lines, then what to know about lines without ids. */
export function describeResult(result: ImportResult, wording: Wording): string {
  const { posted, refunded, waiting, known, repeated } = result;
  const { rejections, rejectedFile, equalCount, pointsName } = wording;
  const points = (count: bigint) => `${count.toLocaleString('en')} ${printable(pointsName)}`;
  const rows: [name: string, lines: number, remark: string][] = [
    ['posted', posted.lines, points(posted.points)],
    ...(wording.refunds
      ? ([
          ['refunded', refunded.lines, `${points(refunded.points)} taken back`],
          ['waiting', waiting, waiting > 0 ? 'for purchases that are not known yet' : ''],
        ] as const)
      : []),
    ['known before', known, known > 0 ? 'and not credited again' : ''],
    ...(repeated > 0
      ? ([['repeated', repeated, 'the same as other lines of the file']] as const)
      : []),
    [
      'rejected',
      rejections.count,
      rejectedFile.path === undefined ? '' : `in ${printable(rejectedFile.path)}`,
    ],
  ].map(([name, lines, remark]) => [String(name), Number(lines), String(remark)]);
  const width = Math.max(...rows.map(([, lines]) => lines.toLocaleString('en').length));
  return [
    ...rows.map(([name, lines, remark]) =>
      `${name.padEnd(12)}  ${lines.toLocaleString('en').padStart(width)}  ${remark}`.trimEnd(),
    ),
    ...rejections.describe(),
    ...(equalCount === undefined ? [] : [noteOnContent(equalCount)]),
  ].join('\n');
}

function noteOnContent(equalCount: number): string {
  const equal =
    equalCount === 0
      ? 'no two are equal'
      : `${equalCount.toLocaleString('en')} equal an earlier one and count as further purchases`;
  return `Lines are identified by their content: ${equal}. One that is corrected, or reported live as well, is another purchase; only a column with ids prevents that.`;
}
