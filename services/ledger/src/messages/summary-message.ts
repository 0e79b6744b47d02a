import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ProgramSummarySchema } from '@loyalty/proto/loyalty/ledger/v1/program_summary_pb.ts';
import { POINTS_MAX } from '@loyalty/rules/language.ts';
import type { ProgramSummary } from '../app/program-summaries.ts';
import { smaller } from '../domain/points.ts';

/** A summary as the contract shows it. */
export function renderSummary(
  summary: ProgramSummary,
): MessageInitShape<typeof ProgramSummarySchema> {
  const { period, totals } = summary;
  const { members, moved } = totals;
  return {
    programId: summary.programId,
    asOf: timestampFromMs(summary.asOf),
    members: { active: members.ACTIVE, suspended: members.SUSPENDED, left: members.LEFT },
    available: shown(totals.available),
    pending: shown(totals.pending),
    reserved: shown(totals.reserved),
    deficit: shown(totals.deficit),
    expiring: summary.expiring.map(({ month, points }) => ({ month, points: shown(points) })),
    expiringLater: shown(summary.expiringLater),
    neverExpiring: shown(totals.neverExpiring),
    period: {
      startTime: timestampFromMs(period.startTime),
      endTime: timestampFromMs(period.endTime),
      issued: shown(moved.EARN),
      spent: shown(-moved.CAPTURE),
      returned: shown(moved.RETURN),
      expired: shown(-moved.EXPIRE),
      refunded: shown(-moved.REFUND),
      adjusted: shown(moved.ADJUST),
      forfeited: shown(-moved.FORFEIT),
    },
    stocks: [...summary.stocks],
  };
}

/** Sums over many members can pass what JSON can represent. */
function shown(points: bigint): bigint {
  return points < 0n ? -smaller(-points, POINTS_MAX) : smaller(points, POINTS_MAX);
}
