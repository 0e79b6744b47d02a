import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { BalanceSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_pb.ts';
import type { Balance } from '../domain/balance.ts';

/** A balance as the contract shows it. */
export function renderBalance(balance: Balance): MessageInitShape<typeof BalanceSchema> {
  const { nextExpiry, ...points } = balance;
  if (nextExpiry === undefined) return points;
  return {
    ...points,
    nextExpiry: { points: nextExpiry.points, time: timestampFromMs(nextExpiry.time) },
  };
}
