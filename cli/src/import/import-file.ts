import type { Progress } from '../progress.ts';
import { joinUsers } from './join-users.ts';
import type { LedgerDoor } from './ledger-door.ts';
import { createPatience } from './patience.ts';
import { publishPurchases } from './publish-purchases.ts';
import { type PurchaseFile, type PurchaseLine, readLines } from './purchases.ts';
import { createSettlement } from './settlement.ts';
import type { StreamDoor } from './stream-door.ts';
import { emptyTally, type Tally } from './tally.ts';

export interface Import {
  file: PurchaseFile;
  /** Whether the users become members first. */
  join: boolean;
  ledger: LedgerDoor;
  stream: StreamDoor;
  progress: Progress;
}

/**
 * Credits a file's purchases, each once however often the file is imported, and tells what became of its lines. The
 * file is read several times instead of being held in memory.
 *
 * @throws {FileRefused} when the file can't be read
 * @throws {ProgramRefused} when the program is unknown or not active
 * @throws {RemoteError} when the services stay away, or refuse the token
 */
export async function importFile(job: Import): Promise<Tally> {
  const { file, ledger, stream, progress } = job;
  const { tally, users, purchaseCount } = await scan(job);
  const patiently = createPatience({ notice: (text) => progress.notice(text) });
  if (job.join) await joinUsers({ users, ledger, patiently, progress });

  const mayRepeat = file.transactionColumn !== undefined;
  const settlement = createSettlement({ ledger, patiently, tally, mayRepeat });
  const purchases = purchasesAfter(0, file);
  const { lastLine, isNew } = await settlement.untilNew(purchases);
  if (!isNew) return tally;

  const total = purchaseCount - tally.accepted;
  await publishPurchases({ purchases, total, stream, patiently, progress });
  const stretch = progress.start('checking', total);
  try {
    await settlement.ofPublished(purchasesAfter(lastLine, file), (settled) => stretch.to(settled));
  } finally {
    stretch.end();
  }
  return tally;
}

/** Reads the file once, to know its size, its bad lines, and who has to join. */
async function scan({ file, join }: Import) {
  const tally = emptyTally();
  const users = new Set<string>();
  let purchaseCount = 0;
  for await (const line of readLines(file)) {
    if ('problem' in line) {
      tally.rejected.push(line);
    } else {
      purchaseCount += 1;
      if (join) users.add(line.purchase.userId);
    }
  }
  return { tally, users, purchaseCount };
}

async function* purchasesAfter(lastLine: number, file: PurchaseFile): AsyncGenerator<PurchaseLine> {
  for await (const line of readLines(file)) {
    if ('purchase' in line && line.line > lastLine) yield line;
  }
}
