import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { type BalanceFile, type BalanceLine, instantsOf } from './balance-file.ts';
import { type ImportJob, runPass, type SendableRow } from './import-lines.ts';
import type { AdjustItem, LedgerClient } from './ledger-client.ts';

export interface BalancesImport extends Omit<ImportJob<BalanceLine>, 'lines'> {
  readonly file: BalanceFile;
  readonly ledger: LedgerClient;
  /** Of times without a zone. */
  readonly clock: ZoneClock;
  /** Why, for operators. */
  readonly reason: string;
  /** What members read; empty for nothing. */
  readonly note: string;
}

/**
 * Credits balances as adjustments, which don't count as earned.
 *
 * @throws {FileRefused} when the file changes meanwhile
 * @throws {ProgramRefused} when the program no longer accepts members
 * @throws {LoyaltyError} when the ledger stays down, or refuses the token
 */
export async function importBalances(input: BalancesImport): Promise<void> {
  const job = { ...input, lines: input.file.lines };
  await runPass(job, {
    name: 'crediting',
    sender: {
      batchSize: 500,
      batchesAtOnce: 4,
      send: (rows) => input.ledger.adjust(rows.map((row) => adjustmentOf(row, input))),
    },
    takes: () => true,
    isRefund: false,
    isFirst: true,
  });
}

function adjustmentOf(
  { line, id }: SendableRow<BalanceLine>,
  { clock, reason, note }: Pick<BalancesImport, 'clock' | 'reason' | 'note'>,
): AdjustItem {
  const { availableMs, expireMs, joinMs } = instantsOf(line, clock);
  return {
    userId: line.userId,
    idempotencyKey: id,
    points: line.points,
    reason,
    note,
    ...(availableMs !== undefined && { availableTime: timestampFromMs(availableMs) }),
    ...(expireMs !== undefined && { expireTime: timestampFromMs(expireMs) }),
    ...(joinMs !== undefined && { joinTime: timestampFromMs(joinMs) }),
  };
}
