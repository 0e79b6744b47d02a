import type { MessageInitShape } from '@bufbuild/protobuf';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import type {
  StatementBalanceSchema,
  StatementTotalSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { type Changes, pointsOf } from '../domain/journal.ts';
import type { KindTotal, Statement } from '../domain/statement.ts';

/** A statement as the contract shows it, but for its entries. */
export function renderStatement({ opening, closing, totals }: Statement): {
  opening: MessageInitShape<typeof StatementBalanceSchema>;
  closing: MessageInitShape<typeof StatementBalanceSchema>;
  totals: MessageInitShape<typeof StatementTotalSchema>[];
} {
  return {
    opening: columns(opening),
    closing: columns(closing),
    totals: totals.map(renderTotal).toSorted((a, b) => a.kind - b.kind),
  };
}

function renderTotal({ kind, entries, ...changes }: KindTotal) {
  const points = pointsOf(changes);
  return { kind: Entry_Kind[kind], entries, points, ...columns(changes) };
}

function columns({ available, pending, reserved, deficit }: Changes): Changes {
  return { available, pending, reserved, deficit };
}
