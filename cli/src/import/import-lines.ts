import type { TableRow } from '../csv/table.ts';
import type { Progress } from '../progress.ts';
import type { Retries } from '../service-calls/retries.ts';
import type { IdentifiedLines, RowResult } from './identified-lines.ts';
import type { RejectedFile } from './rejected-file.ts';
import type { Rejections } from './rejections.ts';
import { countDone, type ImportResult } from './result.ts';
import { type Sender, sendAll } from './sending.ts';

export type SendableRow<Line> = Extract<RowResult<Line>, { kind: 'line' }>;

/** What all the passes of an import share. */
export interface ImportJob<Line> {
  readonly lines: IdentifiedLines<Line>;
  readonly retries: Retries;
  readonly progress: Progress;
  readonly result: ImportResult;
  readonly rejections: Rejections;
  readonly rejectedFile: RejectedFile;
}

/** One reading of the file, which sends some of its lines. */
export interface Pass<Line> {
  /** On the progress bar. */
  readonly name: string;
  readonly sender: Sender<SendableRow<Line>>;
  /** Which lines it sends; another pass has the others. */
  readonly takes: (line: Line) => boolean;
  readonly isRefund: boolean;
  /** Whether it also collects the rows that can't be sent, which only one pass does. */
  readonly isFirst: boolean;
}

/** Sends lines, counts their outcomes, and collects those that are rejected. */
export async function runPass<Line>(job: ImportJob<Line>, pass: Pass<Line>): Promise<void> {
  const { result, rejections, rejectedFile } = job;
  const stretch = job.progress.start(pass.name, job.lines.rowCount);
  let finished = 0;
  const reject = (row: TableRow, problem: string) => {
    rejections.add({ ...row, problem });
    rejectedFile.write(row, problem);
  };
  const finish = () => {
    finished += 1;
    stretch.to(finished);
  };
  const select = (rows: readonly RowResult<Line>[]) =>
    rows.filter((row) => {
      if (row.kind === 'line' && pass.takes(row.line)) return true;
      finish();
      if (row.kind === 'problem' && pass.isFirst) reject(row.row, row.problem);
      if (row.kind === 'repeat' && pass.isFirst) result.repeated += 1;
      return false;
    }) as SendableRow<Line>[];
  try {
    await sendAll(mapped(job.lines.read(), select), {
      sender: pass.sender,
      retries: job.retries,
      onOutcome({ row }, outcome) {
        finish();
        if (outcome.kind === 'refused') reject(row, outcome.problem);
        else countDone(result, outcome, pass);
      },
    });
  } finally {
    stretch.end();
  }
}

async function* mapped<From, To>(
  items: AsyncIterable<From>,
  toOther: (item: From) => To,
): AsyncGenerator<To> {
  for await (const item of items) yield toOther(item);
}
