import { EarnNotPosted } from '../domain/errors.ts';
import type { MessagingApp } from './app.ts';
import type { UnappliedReport } from './dead-letters.ts';
import { type ExplainedEarn, explained, explainingProgram } from './explained-earn.ts';
import type { PurchaseName, PurchaseRefund } from './ledger-store.ts';

export type EarnView = ExplainedEarn & {
  readonly userId: string;
  /** As they arrived. */
  readonly refunds: readonly PurchaseRefund[];
  /** The newest report of the purchase that waits or is dead, such as one with other content. */
  readonly unappliedReport: UnappliedReport | undefined;
};

/**
 * The earn of a purchase, with the user who got it and its refunds.
 *
 * `includesDeadLetter` says whether the caller may know about a message about the purchase that couldn't be applied:
 * it may be about someone else.
 *
 * @throws {EarnNotPosted}
 */
export async function getEarn(
  app: MessagingApp,
  name: PurchaseName,
  { includesDeadLetter }: { includesDeadLetter: boolean },
): Promise<EarnView> {
  const [earn, unappliedReport] = await Promise.all([
    app.reader.earn(name),
    includesDeadLetter ? app.deadLetters.ofPurchase(name) : undefined,
  ]);
  if (earn === undefined) throw new EarnNotPosted(unappliedReport);
  const [program, refunds] = await Promise.all([
    explainingProgram(app.catalog, name.programId),
    app.reader.refundsOf(name),
  ]);
  return { ...explained(earn, program), refunds, unappliedReport };
}
