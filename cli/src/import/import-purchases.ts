import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import type { ImportJob, SendableRow } from './import-lines.ts';
import { runPass } from './import-lines.ts';
import type { EarnItem, LedgerClient, RefundItem } from './ledger-client.ts';
import type { PurchaseFile } from './purchase-file.ts';
import type { PurchaseLine } from './purchase-line.ts';
import { instantOf } from './written-time.ts';

type Row = SendableRow<PurchaseLine>;

export interface PurchasesImport extends Omit<ImportJob<PurchaseLine>, 'lines'> {
  readonly file: PurchaseFile;
  readonly ledger: LedgerClient;
  /** Of times without a zone. */
  readonly clock: ZoneClock;
  /** Where the purchases were made; empty where that isn't known. */
  readonly channel: string;
}

/** The size of a commit of the ledger; the larger a batch, the more has to be repeated if its response is lost. */
const purchasesPerBatch = 500;
const batchesAtOnce = 4;
const refundsPerBatch = 50;

/**
 * Credits a file's purchases, then takes back its refunds: in the other order they would only wait for each other.
 *
 * @throws {FileRefused} when the file changes meanwhile
 * @throws {ProgramRefused} when the program no longer accepts purchases
 * @throws {LoyaltyError} when the ledger stays down, or refuses the token
 */
export async function importPurchases(input: PurchasesImport): Promise<void> {
  const { file, ledger } = input;
  const job = { ...input, lines: file.lines };
  await runPass(job, {
    name: 'crediting',
    sender: {
      batchSize: purchasesPerBatch,
      batchesAtOnce,
      send: (rows) => ledger.earn(rows.map((row) => earnOf(row, input))),
    },
    takes: ({ refundOf }) => refundOf === undefined,
    isRefund: false,
    isFirst: true,
  });
  if (!file.reading.refunds) return;
  await runPass(job, {
    name: 'refunding',
    sender: {
      batchSize: refundsPerBatch,
      batchesAtOnce,
      send: (rows) => ledger.refund(rows.map(refundOf)),
    },
    takes: (line) => line.refundOf !== undefined,
    isRefund: true,
    isFirst: false,
  });
}

/** A purchase as the ledger takes it. */
export function earnOf(
  { line, id }: Pick<Row, 'line' | 'id'>,
  { clock, channel }: { clock: ZoneClock; channel: string },
): EarnItem & { transaction: object } {
  const { userId, time, currencyCode, minorUnits, quantity } = line;
  const amount = { currencyCode, minorUnits };
  return {
    userId,
    transaction: {
      transactionId: id,
      occurTime: timestampFromMs(instantOf(time, clock)),
      amount,
      items: quantity === undefined ? [] : [{ itemId: '1', quantity, amount }],
      channel,
    },
  };
}

function refundOf({ line, id }: Row): RefundItem {
  const { refundOf: transactionId = '', currencyCode, minorUnits } = line;
  const amount = { currencyCode, minorUnits };
  return { transactionId, refundId: id, amount };
}
