import { setTimeout as pause } from 'node:timers/promises';

/** What `look` answers once it doesn't throw any more; its last error after ten seconds. */
export async function eventually<Result>(look: () => Promise<Result> | Result): Promise<Result> {
  const giveUpMs = Date.now() + 10_000;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > giveUpMs) throw error;
      await pause(20);
    }
  }
}
