/** Thrown when someone else changes a program at the same time. The message says who, and what to do. */
export class ProgramChanged extends Error {
  override readonly name = 'ProgramChanged';
}
