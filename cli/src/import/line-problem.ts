/** Thrown when a line can't be taken; the message says to its author what is wrong. */
export class LineProblem extends Error {
  override readonly name = 'LineProblem';
}
