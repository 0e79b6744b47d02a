/** Thrown when the platform can't be started as things are; the message is for the person, and names the fix. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}
