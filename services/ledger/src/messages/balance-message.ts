import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ExpirySchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import type { BalanceSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { Balance, DatedPoints, Expiry } from '../domain/balance.ts';

/** A balance as the contract shows it. */
export function renderBalance(balance: Balance): MessageInitShape<typeof BalanceSchema> {
  const { nextExpiry, nextMaturity, ...points } = balance;
  return {
    ...points,
    ...(nextExpiry && { nextExpiry: renderDated(nextExpiry) }),
    ...(nextMaturity && { nextMaturity: renderDated(nextMaturity) }),
  };
}

/** Points and their date, as messages of the contract have them. */
export function renderDated({ points, time }: DatedPoints): { points: bigint; time: Timestamp } {
  return { points, time: timestampFromMs(time) };
}

/** An expiry date as the contract shows it. */
export function renderExpiry(expiry: Expiry): MessageInitShape<typeof ExpirySchema> {
  return { ...renderDated(expiry), pendingPoints: expiry.pendingPoints };
}
