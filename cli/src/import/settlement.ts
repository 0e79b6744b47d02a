import { forEachAtOnce, inGroups } from './at-once.ts';
import type { LedgerDoor } from './ledger-door.ts';
import type { Patiently } from './patience.ts';
import type { PurchaseLine } from './purchases.ts';
import { countOutcome, type Outcome, type Tally } from './tally.ts';

/** Thrown when the program takes no earns; the lines have nothing to do with it. */
export class ProgramRefused extends Error {
  override readonly name = 'ProgramRefused';
}

/**
 * Finds out what became of each purchase. Events on the stream have no answer, but BatchEarn with the very same
 * transactions is idempotent and has an outcome for each, so it is asked for that. What it finds posted may be this
 * import's work or an earlier one's; the ledger's own clock tells them apart: see `untilNew`.
 */
export interface Settlement {
  /**
   * Credits purchases directly until one of them hadn't been credited before: what is posted from that instant on is
   * this import's work. Answers the last line that it came to, and whether there was a new one.
   */
  untilNew(purchases: AsyncGenerator<PurchaseLine>): Promise<{ lastLine: number; isNew: boolean }>;
  /** Counts the outcomes of purchases that were published. */
  ofPublished(
    purchases: AsyncIterable<PurchaseLine>,
    report: (settled: number) => void,
  ): Promise<void>;
}

const batchSize = 500;
const batchesAtOnce = 3;

export function createSettlement(input: {
  ledger: LedgerDoor;
  patiently: Patiently;
  tally: Tally;
  /** Whether transaction ids come from the file, and so may be there twice. */
  mayRepeat: boolean;
}): Settlement {
  const { ledger, patiently, tally } = input;
  const seen = new Set<string>();
  let postedSinceNs: bigint | undefined;

  const isRepeated = ({ purchase }: PurchaseLine) => {
    const id = purchase.transaction?.transactionId;
    if (!input.mayRepeat || id === undefined) return false;
    const isThere = seen.has(id);
    seen.add(id);
    return isThere;
  };
  const count = (batch: PurchaseLine[], outcomes: Outcome[], isOnStream: boolean) => {
    for (const [index, purchase] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error('The ledger left out an outcome');
      countOutcome(tally, {
        line: purchase.line,
        outcome,
        isOnStream,
        isRepeated: isRepeated(purchase),
        postedSinceNs,
      });
    }
  };

  return {
    async untilNew(purchases) {
      let lastLine = 0;
      // One line is enough for a file that is new, and many at a time are faster for one that isn't.
      for (let size = 1; postedSinceNs === undefined; size = batchSize) {
        const batch = await take(size, purchases);
        if (batch.length === 0) break;
        const outcomes = await patiently(() => ledger.credit(batch));
        refuseProgram(outcomes);
        postedSinceNs = firstPostNs(outcomes);
        count(batch, outcomes, false);
        lastLine = batch.at(-1)?.line ?? lastLine;
      }
      return { lastLine, isNew: postedSinceNs !== undefined };
    },
    async ofPublished(purchases, report) {
      let settled = 0;
      await forEachAtOnce(batchesAtOnce, inGroups(batchSize, purchases), async (batch) => {
        const outcomes = await patiently(() => ledger.credit(batch));
        count(batch, outcomes, true);
        settled += batch.length;
        report(settled);
      });
    },
  };
}

/** Unlike `for await`, leaves the generator open for whoever takes the rest. */
async function take<Item>(size: number, items: AsyncGenerator<Item>): Promise<Item[]> {
  const taken: Item[] = [];
  while (taken.length < size) {
    const { done, value } = await items.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

const programReasons: ReadonlySet<string> = new Set(['PROGRAM_NOT_FOUND', 'PROGRAM_NOT_ACTIVE']);

function refuseProgram(outcomes: readonly Outcome[]): void {
  for (const outcome of outcomes) {
    if (outcome.kind === 'refused' && programReasons.has(outcome.reason)) {
      throw new ProgramRefused(outcome.message);
    }
  }
}

function firstPostNs(outcomes: readonly Outcome[]): bigint | undefined {
  let first: bigint | undefined;
  for (const outcome of outcomes) {
    if (outcome.kind !== 'credited' || outcome.replayed) continue;
    if (first === undefined || outcome.postTimeNs < first) first = outcome.postTimeNs;
  }
  return first;
}
