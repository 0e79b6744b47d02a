/** Thrown when an existing stream can't be changed to what the platform needs. The message names the way out. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
}
