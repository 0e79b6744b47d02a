// Unary Earn over gRPC, the path that the platform exists for.
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  EarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { frameTemplate } from '../load/frame-template.ts';
import type { Row } from '../row.ts';
import {
  createEmptyService,
  createNaiveService,
  type PlanEarns,
} from '../yardsticks/earn-yardsticks.ts';
import { createPgbench } from '../yardsticks/pgbench.ts';
import {
  anyUser,
  anyUserId,
  memberCount,
  programId,
  restoredEarnsEach,
  startLedger,
  startLedgers,
  users,
  verifyAll,
} from './ledger-contestants.ts';

const inFlight = 200;
const method = LedgerService.method.earn;

const load = `Earn, unary gRPC, ${inFlight} in flight, ${memberCount.toLocaleString('en')} members`;
const restoredEarns = (memberCount * restoredEarnsEach).toLocaleString('en');

export const earnRow: Row = {
  id: 'earn',
  title: load,
  unit: 'earns',
  aims: [{ against: 'P', atLeast: 1.5 }, { against: 'N', atLeast: 8 }, { against: 'E' }],
  takesRevision: true,
  async prepare(stage, options) {
    const pgbench = await createPgbench(stage);
    const plan = planner(await stage.token('service'));
    const ledgers = await startLedgers(stage, { row: 'earn', plan, state: 'new', ...options });
    const naive = await createNaiveService(stage, { plan, programId, userIds: users });
    const empty = await createEmptyService(stage, plan);
    return {
      contestants: [...ledgers, pgbench, naive, empty],
      async verify() {
        await naive.verify();
        return verifyAll(ledgers);
      },
    };
  },
};

/** What there is before autovacuum has come by for the first time: tables that grow, and plans made while they were empty. */
export const earnUnanalyzedRow: Row = {
  id: 'earn-unanalyzed',
  title: `${load}, on a new database that isn't analyzed`,
  unit: 'earns',
  aims: [],
  takesRevision: true,
  async prepare(stage, options) {
    const plan = planner(await stage.token('service'));
    const row = 'earn-unanalyzed';
    const ledgers = await startLedgers(stage, { row, plan, state: 'unanalyzed', ...options });
    return { contestants: ledgers, verify: () => verifyAll(ledgers) };
  },
};

/** What there is after a restore, before autovacuum has come by: every row, and no statistics. */
export const earnRestoredRow: Row = {
  id: 'earn-restored',
  title: `${load}, after a restore of ${restoredEarns} earns without statistics`,
  unit: 'earns',
  aims: [{ against: 'F', atLeast: 0.85 }],
  takesRevision: true,
  async prepare(stage, options) {
    const plan = planner(await stage.token('service'));
    const row = 'earn-restored';
    const ledgers = await startLedgers(stage, { row, plan, state: 'restored', ...options });
    const fresh = await startLedger(stage, plan, {
      id: 'F',
      title: "the ledger on a new database that isn't analyzed",
      name: `${row}-new`,
      state: 'unanalyzed',
    });
    const contestants = [...ledgers, fresh];
    return { contestants, verify: () => verifyAll(contestants) };
  },
};

/** Plans rounds whose transactions differ by the round's number, as backends count theirs up. */
function planner(token: string): PlanEarns {
  let round = 0;
  return (window) => {
    round += 1;
    const prefix = `bench-${round}-`;
    const message = create(EarnRequestSchema, {
      programId,
      userId: anyUserId,
      transaction: {
        transactionId: prefix + '0'.repeat(10),
        occurTime: timestampNow(),
        amount: { currencyCode: 'USD', minorUnits: 25_000n },
      },
    });
    return {
      path: `/${method.parent.typeName}/${method.name}`,
      token,
      template: frameTemplate(toBinary(EarnRequestSchema, message), [
        { prefix, width: 10 },
        anyUser,
      ]),
      inFlight,
      itemsPerCall: 1,
      ...window,
    };
  };
}
