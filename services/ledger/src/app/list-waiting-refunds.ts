import type { LedgerReader, PageRequest, TransactionRefund } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';

/** Where a page of waiting refunds ends. */
export interface RefundPosition {
  readonly transactionId: string;
  readonly refundId: string;
}

/** A program's refunds that wait for their transaction, by transaction id. */
export type ListWaitingRefundsUseCase = (
  query: { programId: string } & PageRequest<RefundPosition>,
) => Promise<Page<TransactionRefund, RefundPosition>>;

export function createListWaitingRefunds(deps: {
  reader: LedgerReader;
}): ListWaitingRefundsUseCase {
  return async ({ programId, ...page }) =>
    await readPage(page, {
      read: (part) => deps.reader.waitingRefunds({ programId, ...part }),
      positionOf: ({ transactionId, refundId }) => ({ transactionId, refundId }),
    });
}
