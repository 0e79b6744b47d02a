import type { LedgerReader, PageRequest, TransactionRefund } from './ledger-store.ts';
import { type Page, readPage } from './page.ts';
import type { ProgramCatalog } from './program-catalog.ts';

/** Where a page of waiting refunds ends. */
export interface RefundPosition {
  readonly transactionId: string;
  readonly refundId: string;
}

/**
 * A program's refunds that wait for their transaction, by transaction id.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}, where there are none to show
 */
export type ListWaitingRefundsUseCase = (
  query: { programId: string } & PageRequest<RefundPosition>,
) => Promise<Page<TransactionRefund, RefundPosition>>;

export function createListWaitingRefunds(deps: {
  reader: LedgerReader;
  catalog: ProgramCatalog;
}): ListWaitingRefundsUseCase {
  return async ({ programId, ...part }) => {
    const page = await readPage(part, {
      read: (asked) => deps.reader.waitingRefunds({ programId, ...asked }),
      positionOf: ({ transactionId, refundId }) => ({ transactionId, refundId }),
    });
    // A program with refunds exists; only an empty answer leaves it open.
    if (page.items.length === 0) await deps.catalog.get(programId);
    return page;
  };
}
