// BatchEarn over gRPC: what imports and other writers of many purchases call.
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  BatchEarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { frameTemplate } from '../load/frame-template.ts';
import type { Row } from '../row.ts';
import type { PlanEarns } from '../yardsticks/earn-yardsticks.ts';
import { createPgbench } from '../yardsticks/pgbench.ts';
import {
  anyUser,
  anyUserId,
  memberCount,
  programId,
  startLedgers,
  verifyAll,
} from './ledger-contestants.ts';

const earnsPerCall = 500;
const inFlight = 4;
const method = LedgerService.method.batchEarn;

export const batchRow: Row = {
  id: 'batch',
  title: `BatchEarn, ${earnsPerCall} earns a call, ${inFlight} calls in flight, ${memberCount.toLocaleString('en')} members`,
  unit: 'earns',
  aims: [{ against: 'P', atLeast: 3 }],
  takesRevision: true,
  async prepare(stage, options) {
    const pgbench = await createPgbench(stage);
    const plan = planner(await stage.token('service'));
    const ledgers = await startLedgers(stage, { row: 'batch', plan, state: 'new', ...options });
    return { contestants: [...ledgers, pgbench], verify: () => verifyAll(ledgers) };
  },
};

/** Plans rounds whose transactions differ by the round's number. */
function planner(token: string): PlanEarns {
  let round = 0;
  return (window) => {
    round += 1;
    const prefix = `bench-${round}-`;
    const item = {
      userId: anyUserId,
      transaction: {
        transactionId: prefix + '0'.repeat(10),
        occurTime: timestampNow(),
        amount: { currencyCode: 'USD', minorUnits: 25_000n },
      },
    };
    const message = create(BatchEarnRequestSchema, {
      programId,
      earns: Array.from({ length: earnsPerCall }, () => item),
      joinMissing: true,
    });
    return {
      path: `/${method.parent.typeName}/${method.name}`,
      token,
      template: frameTemplate(toBinary(BatchEarnRequestSchema, message), [
        { prefix, width: 10 },
        anyUser,
      ]),
      inFlight,
      itemsPerCall: earnsPerCall,
      ...window,
    };
  };
}
