export interface Growth {
  /** A text of about this many characters. */
  textOf: (size: number) => string;
  read: (text: string) => unknown;
  /** The most characters that a caller can send. */
  sizeMax: number;
}

/** How often the size doubles on the way to the largest. */
const doublings = 5;
/** How many times what it would be in linear time is allowed: at the largest size the square of the size is 32 times. */
const slack = 6;
/** Enough to be seen by the clock of the processor's time. */
const leastMs = 1;

/** The machine may be busy with something else, but not always. */
const tries = [1, 2, 3, 4];

/**
 * Doubles the size of a text up to the largest.
 *
 * @throws {Error} when the time to read it grows faster
 */
export function expectLinearTime(growth: Growth): void {
  const problems = new Set<string>();
  for (const _ of tries) {
    const problem = superlinear(growth);
    if (problem === undefined) return;
    problems.add(problem);
  }
  throw new Error([...problems].join('\n'));
}

/** What took too long; undefined if nothing did. */
function superlinear({ textOf, read, sizeMax }: Growth): string | undefined {
  const sizeMin = Math.floor(sizeMax / 2 ** doublings);
  const smallest = textOf(sizeMin);
  const { repeats, leastTakenMs } = measureRepeated(() => read(smallest));
  for (let size = 2 * sizeMin; size <= sizeMax; size *= 2) {
    const text = textOf(size);
    const mostMs = (slack * leastTakenMs * size) / sizeMin;
    if (!tries.some(() => cpuMs(repeats, () => read(text)) < mostMs)) {
      return `${size} characters take over ${mostMs} ms, and ${sizeMin} take ${leastTakenMs}`;
    }
  }
  return undefined;
}

/** The cost is the minimum of this many tries. */
const costTries = 20;
/** How many times what JSON.parse takes of the same text is allowed. */
const timesParsing = 5;
/** What is allowed in any case: JSON.parse skips spaces and digits faster than code in JavaScript can. */
const shortMs = 50;
/** What isn't, although JSON.parse itself takes that of a hundred thousand names that differ. */
const longMs = 100;

/**
 * Reads a text of JSON that may not be valid.
 *
 * @throws {Error} when that takes many times as long as JSON.parse takes of it, or long enough to hold up others
 */
export function expectCostOfParsing({ textOf, read, sizeMax }: Growth): void {
  const text = textOf(sizeMax);
  const problems: string[] = [];
  // A core that is shared with another thread takes twice as long, for as long as a test of something else may last.
  while (problems.length < costTries) {
    const parsingMs = cpuMs(1, () => parseIfValid(text));
    const mostMs = Math.min(Math.max(shortMs, timesParsing * parsingMs), longMs);
    const takenMs = cpuMs(1, () => read(text));
    if (takenMs <= mostMs) return;
    problems.push(`took ${takenMs} ms, and JSON.parse ${parsingMs} ms`);
  }
  throw new Error(problems.join('\n'));
}

function parseIfValid(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    // Its time counts, too.
  }
}

/** Repeats a run until it takes long enough to be measured, when it is warm, too. */
function measureRepeated(run: () => unknown): { repeats: number; leastTakenMs: number } {
  for (let repeats = 1; ; repeats *= 2) {
    const leastTakenMs = Math.min(...[1, 2, 3].map(() => cpuMs(repeats, run)));
    if (leastTakenMs >= leastMs) return { repeats, leastTakenMs };
  }
}

/** The CPU time of this process, which other load on the machine hardly affects. */
function cpuMs(repeats: number, run: () => unknown): number {
  const start = process.cpuUsage();
  for (let count = 0; count < repeats; count += 1) run();
  return process.cpuUsage(start).user / 1000;
}

/** A text of the size asked for, all but its ends made of one part again and again. */
export function repeated(start: string, part: string, end: string): (size: number) => string {
  return (size) => start + part.repeat(Math.ceil(size / part.length)) + end;
}

/** A text of the size asked for, made of parts that all differ. */
export function numbered(
  start: string,
  partOf: (index: number) => string,
  end: string,
  separator = ',',
): (size: number) => string {
  return (size) => {
    const parts: string[] = [];
    for (let length = 0; length < size; length += (parts.at(-1)?.length ?? 0) + 1) {
      parts.push(partOf(parts.length));
    }
    return start + parts.join(separator) + end;
  };
}
