/** Thrown when the program takes nothing now; the lines have nothing to do with it. */
export class ProgramRefused extends Error {
  override readonly name = 'ProgramRefused';
}
