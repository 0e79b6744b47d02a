/** Thrown when a file as a whole can't be imported; the message names the fix. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}
