// Redeem over gRPC, captured immediately: what a checkout waits for.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  RedeemRequest_Capture,
  RedeemRequestSchema,
  RedemptionService,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import {
  anyUser,
  anyUserId,
  memberCount,
  type PlanLoad,
  pathOf,
  programId,
  transactionIds,
} from '../load/earn-plan.ts';
import { frameTemplate, grpcFrame } from '../load/frame-template.ts';
import { rewardId } from '../load/members.ts';
import type { Row } from '../row.ts';
import { scalar } from '../scalar.ts';
import { pgbench } from '../yardsticks/pgbench.ts';
import { ledgerContestant, verifyPoints } from './ledger-contestant.ts';
import { type LedgerUnderTest, sharedLedgers } from './ledgers.ts';

const id = 'redeem';
const inFlight = 200;
const method = RedemptionService.method.redeem;

export const redeemRow: Row = {
  id,
  title: `Redeem at once, unary gRPC, ${inFlight} in flight, ${memberCount.toLocaleString('en')} members`,
  unit: 'redemptions',
  isShared: true,
  aims: [{ against: 'P', atLeast: 1 }],
  async prepare(bench) {
    const token = await bench.machine.token('service');
    const contestants = (await sharedLedgers(bench)).map((ledger) =>
      ledgerContestant(bench, ledger, {
        id,
        plan: planner(token),
        verify: (acknowledged) => verifyRedemptions(ledger, acknowledged),
      }),
    );
    return { contestants, yardsticks: [await pgbench(bench)] };
  },
};

function planner(token: string): PlanLoad {
  const ids = transactionIds(id);
  return (window, address) => {
    const idempotencyKey = ids.nextRound();
    const message = create(RedeemRequestSchema, {
      programId,
      userId: anyUserId,
      idempotencyKey: idempotencyKey.first,
      rewardId,
      capture: RedeemRequest_Capture.IMMEDIATE,
    });
    return {
      target: { protocol: 'grpc', address, path: pathOf(method), token },
      template: frameTemplate(grpcFrame(toBinary(RedeemRequestSchema, message)), [
        idempotencyKey,
        anyUser,
      ]),
      inFlight,
      itemsPerCall: 1,
      ...window,
    };
  };
}

/** @throws {Error} when not each acknowledged redemption is stored, or more are, or points don't add up */
async function verifyRedemptions(
  { services }: LedgerUnderTest,
  acknowledged: number,
): Promise<string> {
  const url = services.ledgerDatabaseUrl;
  const stored = await scalar(
    url,
    `SELECT count(*) FROM redemptions
     WHERE state = 'CAPTURED' AND starts_with(idempotency_key, '${id}:')`,
  );
  if (stored !== acknowledged) {
    throw new Error(`The ledger acknowledged ${acknowledged} redemptions, and stored ${stored}`);
  }
  await verifyPoints(url);
  return `${stored.toLocaleString('en')} redemptions acknowledged and stored, their points gone`;
}
