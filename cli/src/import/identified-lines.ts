import type { Table, TableRow } from '../csv/table.ts';
import type { BitSet } from './bit-set.ts';
import { contentId, digestOf } from './content-id.ts';
import { type EqualLines, EqualLinesBuilder } from './equal-lines.ts';
import { LineProblem } from './line-problem.ts';
import { findSharedIds, type IdentifiedLine, idsAtOnceOf, type SharedIds } from './shared-ids.ts';

/** How the rows of a kind of file are read, and what identifies a line. */
export interface LineKind<Line> {
  /** @throws {LineProblem} */
  read(fields: readonly string[]): Line;
  /** A row by an id that it has itself; undefined where it has none, and absent where no row has one. */
  ownIdOf?(fields: readonly string[]): IdentifiedLine | undefined;
  /** Why rows with one id and different content are refused, all of them. */
  readonly conflictProblem: string;
  /** The same where one of them may be a refund; absent where none can be. */
  readonly refundConflictProblem?: string;
  /** What rows that share something else, such as their user, have to agree on; where they don't, all of them are refused. */
  readonly agreement?: {
    /** What a row shares as its id, and what it says of that as its content. */
    of(fields: readonly string[]): IdentifiedLine | undefined;
    readonly problem: string;
  };
  /** What identifies a line without an id; undefined if it has one, and absent if every line has one. */
  contentOf?(line: Line): readonly string[] | undefined;
  /** The id of a line; `fromContent` is made of its content and its number among equal lines. */
  idOf(line: Line, fromContent: string | undefined): string;
}

/** What a row of the file is. */
export type RowResult<Line> =
  | { readonly row: TableRow; readonly kind: 'line'; readonly line: Line; readonly id: string }
  /** The same as an earlier row, which counts for both. */
  | { readonly row: TableRow; readonly kind: 'repeat' }
  | { readonly row: TableRow; readonly kind: 'problem'; readonly problem: string };

export interface IdentifiedLines<Line> {
  readonly rowCount: number;
  /** Lines without an id of their own that equal an earlier one. */
  readonly equalCount: number;
  /** Reads the file once more; the same rows get the same ids each time. */
  read(): AsyncGenerator<RowResult<Line>[]>;
}

type Rows = Table['rows'];

/**
 * Reads the file as often as it takes to know each line's id, so that nothing has to be kept but a few bytes a line. See
 * {@link findSharedIds} and {@link EqualLinesBuilder} for how many.
 *
 * @throws {FileRefused} when the file changes meanwhile
 */
export async function identifyLines<Line>(
  rows: Rows,
  kind: LineKind<Line>,
  { sizeBytes }: { sizeBytes: number },
): Promise<IdentifiedLines<Line>> {
  const idsAtOnce = idsAtOnceOf(sizeBytes);
  let rowCount = 0;
  const counted: Rows = async function* () {
    rowCount = 0;
    for await (const some of rows()) {
      rowCount += some.length;
      yield some;
    }
  };
  const { ownIdOf, agreement } = kind;
  const shared =
    ownIdOf && (await findSharedIds(() => identified(counted, ownIdOf), { idsAtOnce }));
  const disagreeing =
    agreement &&
    (await findSharedIds(() => identified(rows, agreement.of), { idsAtOnce })).conflicting;
  const equal = kind.contentOf && (await numberEqualLines(counted, kind));
  return {
    rowCount,
    equalCount: equal?.count ?? 0,
    async *read() {
      const identify = createIdentifier({ kind, shared, disagreeing, equal });
      for await (const some of rows()) yield some.map(identify);
    },
  };
}

async function* identified(
  rows: Rows,
  idOf: (fields: readonly string[]) => IdentifiedLine | undefined,
) {
  for await (const some of rows()) {
    yield some.map(({ fields, problem }) => (problem === undefined ? idOf(fields) : undefined));
  }
}

async function numberEqualLines<Line>(rows: Rows, kind: LineKind<Line>): Promise<EqualLines> {
  const builder = new EqualLinesBuilder();
  for await (const some of rows()) {
    for (const row of some) {
      const line = readRow(row, kind);
      const content = line instanceof LineProblem ? undefined : kind.contentOf?.(line);
      if (content !== undefined) builder.add(digestOf(content));
    }
  }
  return builder.build();
}

function createIdentifier<Line>(input: {
  kind: LineKind<Line>;
  shared: SharedIds | undefined;
  disagreeing: BitSet | undefined;
  equal: EqualLines | undefined;
}): (row: TableRow) => RowResult<Line> {
  const { kind, shared, disagreeing, equal } = input;
  let rowIndex = -1;
  let contentIndex = -1;
  return (row) => {
    rowIndex += 1;
    if (shared?.conflicting.has(rowIndex) === true) {
      const { conflictProblem, refundConflictProblem = conflictProblem } = kind;
      const isBesideRefund = shared.besideRefunds.has(rowIndex);
      const problem = isBesideRefund ? refundConflictProblem : conflictProblem;
      return { row, kind: 'problem', problem };
    }
    if (kind.agreement !== undefined && disagreeing?.has(rowIndex) === true) {
      return { row, kind: 'problem', problem: kind.agreement.problem };
    }
    const line = readRow(row, kind);
    if (line instanceof LineProblem) return { row, kind: 'problem', problem: line.message };
    if (shared?.repeated.has(rowIndex) === true) return { row, kind: 'repeat' };
    const content = kind.contentOf?.(line);
    if (content === undefined) return { row, kind: 'line', line, id: kind.idOf(line, undefined) };
    contentIndex += 1;
    const number = equal?.numberOf(contentIndex) ?? 1;
    const fromContent = contentId(digestOf(content), number);
    return { row, kind: 'line', line, id: kind.idOf(line, fromContent) };
  };
}

function readRow<Line>({ fields, problem }: TableRow, kind: LineKind<Line>): Line | LineProblem {
  if (problem !== undefined) return new LineProblem(problem);
  try {
    return kind.read(fields);
  } catch (error) {
    if (error instanceof LineProblem) return error;
    throw error;
  }
}
