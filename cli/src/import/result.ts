import { printable } from '../printable.ts';
import type { RejectedFile } from './rejected-file.ts';
import type { Rejections } from './rejections.ts';
import type { LineOutcome } from './sending.ts';

/** The outcome of an import. */
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
  { points, replayed, waits = false }: Extract<LineOutcome, { kind: 'done' }>,
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
  const { rejections, equalCount } = wording;
  const rows = rowsOf(result, wording);
  const counts = rows.map(({ lines }) => lines.toLocaleString('en'));
  const width = Math.max(...counts.map(({ length }) => length));
  return [
    ...rows.map(({ name, remark }, index) =>
      `${name.padEnd(12)}  ${counts[index]?.padStart(width)}  ${remark}`.trimEnd(),
    ),
    ...rejections.describe(),
    ...(equalCount === undefined ? [] : [noteOnContent(equalCount)]),
  ].join('\n');
}

interface Row {
  readonly name: string;
  readonly lines: number;
  readonly remark: string;
}

function rowsOf(result: ImportResult, wording: Wording): Row[] {
  const { posted, refunded, waiting, known, repeated } = result;
  const { rejections, rejectedFile, pointsName } = wording;
  const points = (count: bigint) => `${count.toLocaleString('en')} ${printable(pointsName)}`;
  const inFile = rejectedFile.path === undefined ? '' : `in ${printable(rejectedFile.path)}`;
  const refunds: Row[] = [
    { name: 'refunded', lines: refunded.lines, remark: `${points(refunded.points)} taken back` },
    { name: 'waiting', lines: waiting, remark: waiting > 0 ? 'for purchases not known yet' : '' },
  ];
  const repeats: Row = { name: 'repeated', lines: repeated, remark: 'the same as earlier lines' };
  return [
    { name: 'posted', lines: posted.lines, remark: points(posted.points) },
    ...(wording.refunds ? refunds : []),
    { name: 'known before', lines: known, remark: known > 0 ? 'and not credited again' : '' },
    ...(repeated > 0 ? [repeats] : []),
    { name: 'rejected', lines: rejections.count, remark: inFile },
  ];
}

function noteOnContent(equalCount: number): string {
  const equal =
    equalCount === 0
      ? 'no two are equal'
      : `${equalCount.toLocaleString('en')} equal an earlier one and count as further purchases`;
  return `No column has ids, so lines are identified by their content: ${equal}. A corrected line, or a purchase that is also reported live, counts as another purchase; only an id column prevents that.`;
}
