/** What the ledger answered for one line. */
export type Outcome =
  | { kind: 'credited'; replayed: boolean; postTimeNs: bigint }
  | { kind: 'refused'; reason: string; message: string };

export interface Rejection {
  line: number;
  problem: string;
}

/** What became of the file's lines. */
export interface Tally {
  /** Lines that were handed to the platform. */
  accepted: number;
  /** Credited by this import. */
  posted: number;
  /** Credited before, by an earlier import or an earlier line. */
  duplicates: number;
  /** Kept by the platform until it can credit them. */
  waiting: number;
  /** Not a purchase, or refused by the ledger. */
  rejected: Rejection[];
}

export function emptyTally(): Tally {
  return { accepted: 0, posted: 0, duplicates: 0, waiting: 0, rejected: [] };
}

/** Reasons for which the ledger keeps an event and tries it again by itself. */
const waitingReasons: ReadonlySet<string> = new Set(['PROGRAM_NOT_ACTIVE', 'VELOCITY_LIMIT']);

/** A line that was sent on the stream, or straight to the ledger where `isOnStream` is false. */
export function countOutcome(
  tally: Tally,
  input: {
    line: number;
    outcome: Outcome;
    isOnStream: boolean;
    /** Whether an earlier line has the same transaction id. */
    isRepeated: boolean;
    /** The ledger's time when this import's first line was credited. */
    postedSinceNs: bigint | undefined;
  },
): void {
  const { line, outcome, postedSinceNs } = input;
  tally.accepted += 1;
  if (outcome.kind === 'refused') {
    if (input.isOnStream && waitingReasons.has(outcome.reason)) tally.waiting += 1;
    else tally.rejected.push({ line, problem: `${outcome.reason}: ${outcome.message}` });
    return;
  }
  const isOurs =
    !outcome.replayed || (postedSinceNs !== undefined && outcome.postTimeNs >= postedSinceNs);
  if (isOurs && !input.isRepeated) tally.posted += 1;
  else tally.duplicates += 1;
}

/** Whether the platform has credited every line. */
export function isComplete(tally: Tally): boolean {
  return tally.waiting === 0 && tally.rejected.length === 0;
}

/** The result for a person: the numbers, then the rejected lines. */
export function describeTally(tally: Tally): string {
  const { accepted, posted, duplicates, waiting, rejected } = tally;
  const counts: [string, number, string][] = [
    ['accepted', accepted, ''],
    ['posted', posted, ''],
    ['duplicates', duplicates, duplicates > 0 ? 'credited before, not again' : ''],
    ['rejected', rejected.length, ''],
  ];
  if (waiting > 0) {
    counts.splice(3, 0, ['waiting', waiting, 'kept by the platform, which tries them again']);
  }
  const width = Math.max(...counts.map(([, count]) => count.toLocaleString('en').length));
  return [
    ...counts.map(([name, count, remark]) =>
      `${name.padEnd(10)}  ${count.toLocaleString('en').padStart(width)}  ${remark}`.trimEnd(),
    ),
    ...describeRejections(rejected),
  ].join('\n');
}

/** Neighbours with the same problem share a line: a file for the wrong program has the same on each. */
function describeRejections(rejected: readonly Rejection[]): string[] {
  const groups: { from: number; to: number; problem: string }[] = [];
  for (const { line, problem } of rejected.toSorted((a, b) => a.line - b.line)) {
    const last = groups.at(-1);
    if (last?.problem === problem) last.to = line;
    else groups.push({ from: line, to: line, problem });
  }
  return groups.map(({ from, to, problem }) =>
    from === to ? `line ${from}: ${problem}` : `lines ${from} to ${to}: ${problem}`,
  );
}
