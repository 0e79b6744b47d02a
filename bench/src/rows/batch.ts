// BatchEarn over gRPC: what imports and other writers of many purchases call.
import { create, toBinary } from '@bufbuild/protobuf';
import {
  BatchEarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import {
  anyUser,
  anyUserId,
  memberCount,
  type PlanLoad,
  pathOf,
  programId,
  purchaseOf,
  transactionIds,
} from '../load/earn-plan.ts';
import { frameTemplate, grpcFrame } from '../load/frame-template.ts';
import type { Row } from '../row.ts';
import { pgbench } from '../yardsticks/pgbench.ts';
import { ledgerContestant, verifyEarns } from './ledger-contestant.ts';
import { sharedLedgers } from './ledgers.ts';

const id = 'batch';
const earnsPerCall = 500;
const inFlight = 4;
const method = LedgerService.method.batchEarn;

export const batchRow: Row = {
  id,
  title: `BatchEarn, ${earnsPerCall} earns a call, ${inFlight} calls in flight, ${memberCount.toLocaleString('en')} members`,
  unit: 'earns',
  isShared: true,
  aims: [{ against: 'P', atLeast: 3 }],
  async prepare(bench) {
    const token = await bench.machine.token('service');
    const contestants = (await sharedLedgers(bench)).map((ledger) =>
      ledgerContestant(bench, ledger, {
        id,
        plan: planner(token),
        verify: (acknowledged) => verifyEarns(ledger, { prefix: `${id}:`, acknowledged }),
      }),
    );
    return { contestants, yardsticks: [await pgbench(bench)] };
  },
};

function planner(token: string): PlanLoad {
  const ids = transactionIds(id);
  return (window, address) => {
    const transactionId = ids.nextRound();
    const item = { userId: anyUserId, transaction: purchaseOf(transactionId.first) };
    const message = create(BatchEarnRequestSchema, {
      programId,
      earns: Array.from({ length: earnsPerCall }, () => item),
      joinMissing: true,
    });
    return {
      target: { protocol: 'grpc', address, path: pathOf(method), token },
      template: frameTemplate(grpcFrame(toBinary(BatchEarnRequestSchema, message)), [
        transactionId,
        anyUser,
      ]),
      inFlight,
      itemsPerCall: earnsPerCall,
      ...window,
    };
  };
}
