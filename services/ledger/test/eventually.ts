import { setTimeout as pause } from 'node:timers/promises';

/** What `look` answers once it doesn't throw any more; its last error when the time is over. */
export async function eventually<Result>(
  look: () => Promise<Result> | Result,
  withinMs = 10_000,
): Promise<Result> {
  const giveUpMs = Date.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > giveUpMs) throw error;
      await pause(20);
    }
  }
}
