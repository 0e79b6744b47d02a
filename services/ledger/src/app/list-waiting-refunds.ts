import type { App } from './app.ts';
import type { PageRequest, PurchaseRefund } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** Where a page of waiting refunds ends. */
export interface RefundPosition {
  readonly transactionId: string;
  readonly refundId: string;
}

/**
 * A program's refunds that wait for their purchase, by transaction id.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are none to show
 */
export async function listWaitingRefunds(
  app: App,
  { programId, ...part }: { programId: string } & PageRequest<RefundPosition>,
): Promise<Page<PurchaseRefund, RefundPosition>> {
  const page = await readPage(part, {
    read: (asked) => app.reader.waitingRefunds({ programId, ...asked }),
    positionOf: ({ transactionId, refundId }) => ({ transactionId, refundId }),
  });
  // A program with refunds exists; only an empty page leaves the question open.
  if (page.items.length === 0) await app.catalog.get(programId);
  return page;
}
