import { printable } from '../printable.ts';

/** Rejected lines as a person at the terminal is shown them: how many, and the first ones. */
export class Rejections {
  readonly #shown: Rejection[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(rejection: Rejection): void {
    this.#count += 1;
    if (this.#shown.length < rejectionsShownMax) this.#shown.push(rejection);
  }

  /** A line for each of the first ones; neighbors with the same problem share it. */
  describe(): string[] {
    const groups = grouped(this.#shown);
    const isCut = groups.length > groupsShownMax || this.#count > this.#shown.length;
    const lines = groups.slice(0, groupsShownMax).map(({ line, lastLine, problem }) => {
      const where = line === lastLine ? `line ${line}` : `lines ${line} to ${lastLine}`;
      return `${where}: ${printable(problem)}`;
    });
    return isCut ? [...lines, '… and more'] : lines;
  }
}

interface Rejection {
  readonly line: number;
  readonly lastLine: number;
  readonly problem: string;
}

const rejectionsShownMax = 1_000;
const groupsShownMax = 20;

function grouped(rejections: readonly Rejection[]): Rejection[] {
  const groups: Rejection[] = [];
  for (const { line, lastLine, problem } of rejections.toSorted((a, b) => a.line - b.line)) {
    const last = groups.at(-1);
    if (last !== undefined && last.problem === problem && line === last.lastLine + 1) {
      groups[groups.length - 1] = { ...last, lastLine };
    } else {
      groups.push({ line, lastLine, problem });
    }
  }
  return groups;
}
