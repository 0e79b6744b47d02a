import type { Progress } from '../progress.ts';
import { forEachAtOnce } from './at-once.ts';
import type { LedgerDoor } from './ledger-door.ts';
import type { Patiently } from './patience.ts';

const joinsAtOnce = 64;

/** Makes every user a member who isn't one. */
export async function joinUsers(input: {
  users: ReadonlySet<string>;
  ledger: LedgerDoor;
  patiently: Patiently;
  progress: Progress;
}): Promise<void> {
  const { users, ledger, patiently } = input;
  const stretch = input.progress.start('joining', users.size);
  let joined = 0;
  try {
    await forEachAtOnce(joinsAtOnce, users, async (userId) => {
      await patiently(() => ledger.join(userId));
      joined += 1;
      stretch.to(joined);
    });
  } finally {
    stretch.end();
  }
}
