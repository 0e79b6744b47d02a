import type { Transaction } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';

/** A program of the double. It is active, and its points can be spent at once and never expire. */
export interface DoubleProgram {
  /** What a purchase gives: so many points for each full amount, or what a function returns; nothing when absent. */
  points?:
    | { points: number | bigint; per: { currencyCode: string; minorUnits: number | bigint } }
    | ((transaction: Transaction, member: { userId: string }) => number | bigint)
    | undefined;
  /** The prices of the rewards, by reward id. */
  rewards?: Readonly<Record<string, { points: number | bigint; displayName?: string }>> | undefined;
}

/** What the transaction earns. */
export function pointsOf(
  { points }: DoubleProgram,
  transaction: Transaction,
  userId: string,
): bigint {
  if (points === undefined) return 0n;
  if (typeof points === 'function') return BigInt(points(transaction, { userId }));
  const { currencyCode, minorUnits = 0n } = transaction.amount ?? {};
  if (currencyCode !== points.per.currencyCode) return 0n;
  return (minorUnits / BigInt(points.per.minorUnits)) * BigInt(points.points);
}
