import type { Purchase } from '@loyalty/rules/language.ts';
import { pointsGiven, type RulePoints } from '@loyalty/rules/points-given.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import { unitsOfEntry } from '../domain/entry-units.ts';
import type { Entry } from '../domain/journal.ts';
import type { App } from './app.ts';
import { explained, explainingProgram } from './explained-earn.ts';
import type { PurchaseRefund, RecordedEntry } from './ledger-store.ts';

/** An entry with what it is about, so that it can be understood without the earn or the redemption that it names. */
export interface DescribedEntry extends Entry {
  /** Set for EARN and REFUND. */
  readonly purchase: Purchase | undefined;
  /** Set for EARN. */
  readonly rules: readonly RulePoints[];
  /** Set for REFUND. */
  readonly refundExtent: RefundPart | undefined;
  /** Set for entries about a redemption. */
  readonly reward:
    | {
        readonly rewardId: string;
        readonly displayName: string;
        readonly quantity: number;
        readonly reference: string;
      }
    | undefined;
}

type OwnedEntry = Pick<RecordedEntry, 'membershipId' | 'entry'>;

/** Describes entries of one program, in their order, by at most three reads however many they are. */
export async function describeEntries(
  { reader, catalog }: App,
  programId: string,
  entries: readonly OwnedEntry[],
): Promise<DescribedEntry[]> {
  const about = entries.map(({ entry }) => entry);
  const [earns, refunds, redemptions, program] = await Promise.all([
    reader.earnsById({ programId, transactionIds: about.flatMap(transactionOf) }),
    reader.refundsById({ programId, refunds: about.flatMap(refundOf) }),
    reader.redemptionsById(entries.flatMap(redemptionOf)),
    about.some(({ kind }) => kind === 'EARN') ? explainingProgram(catalog, programId) : undefined,
  ]);
  const earnOf = new Map(earns.map((earn) => [earn.transactionId, earn]));
  const refundByKey = new Map(refunds.map((refund) => [refundKey(refund), refund]));
  const redemptionByKey = new Map(redemptions.map((each) => [redemptionKey(each), each]));
  return entries.map(({ membershipId, entry }) => {
    const { transactionId = '', refundId = '', redemptionId = '' } = entry;
    const earn = earnOf.get(transactionId);
    const redemption = redemptionByKey.get(redemptionKey({ membershipId, redemptionId }));
    return {
      ...entry,
      purchase: earn?.purchase,
      rules:
        earn !== undefined && entry.kind === 'EARN'
          ? pointsGiven(explained(earn, program).explanation)
          : [],
      refundExtent: refundByKey.get(refundKey({ transactionId, refundId }))?.extent,
      reward: redemption && {
        rewardId: redemption.rewardId,
        displayName: redemption.rewardDisplayName,
        quantity: unitsOfEntry(entry, redemption),
        reference: redemption.reference,
      },
    };
  });
}

function transactionOf({ transactionId }: Entry) {
  return transactionId === undefined ? [] : [transactionId];
}

function refundOf({ transactionId, refundId }: Entry) {
  return transactionId === undefined || refundId === undefined ? [] : [{ transactionId, refundId }];
}

function redemptionOf({ membershipId, entry: { redemptionId } }: OwnedEntry) {
  return redemptionId === undefined ? [] : [{ membershipId, redemptionId }];
}

function refundKey({
  transactionId,
  refundId,
}: Pick<PurchaseRefund, 'transactionId' | 'refundId'>): string {
  return `${transactionId}\0${refundId}`;
}

function redemptionKey({
  membershipId,
  redemptionId,
}: {
  membershipId: bigint;
  redemptionId: string;
}): string {
  return `${membershipId}\0${redemptionId}`;
}
