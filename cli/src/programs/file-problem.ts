/** Something that is wrong with a file of programs. */
export interface FileProblem {
  /** Counted from 1. */
  readonly line: number;
  /** Which of the file's documents it is in, and whose that is, such as `document 2 (wine-dine)`; empty for the file as a whole. */
  readonly document: string;
  /** A path of JSON names within the document; empty for the document as a whole. */
  readonly path: string;
  /** What is wrong, and how to put it right. */
  readonly message: string;
}

/** Thrown when a file of programs can't be used. Each line of the message is a problem, with its place. */
export class ProgramsFileRefused extends Error {
  override readonly name = 'ProgramsFileRefused';
  readonly lines: readonly string[];

  constructor(file: string, problems: readonly FileProblem[]) {
    const lines = problems.map((problem) => lineOf(file, problem));
    super(lines.join('\n'));
    this.lines = lines;
  }
}

function lineOf(file: string, { line, document, path, message }: FileProblem): string {
  return [`${file}:${line}`, document, path, message].filter((part) => part !== '').join(': ');
}
