// Unary Earn over gRPC, the path that the platform exists for.
import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import {
  EarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { frameTemplate } from '../load/frame-template.ts';
import { measureService } from '../load/measure-service.ts';
import { createProgram, joinMembers, userIdPrefix, userIds, userIdWidth } from '../load/members.ts';
import { type LoyaltyServices, startLoyaltyServices } from '../machine/loyalty-services.ts';
import type { Contestant, Measurement, PreparedRow, Row, Window } from '../row.ts';
import { scalar } from '../scalar.ts';
import {
  createEmptyService,
  createNaiveService,
  type PlanEarns,
} from '../yardsticks/earn-yardsticks.ts';
import { createPgbench } from '../yardsticks/pgbench.ts';

const inFlight = 200;
const memberCount = 10_000;
const programId = 'bench';
const drainPatienceMs = 60_000;
const method = LedgerService.method.earn;

export const earnRow: Row = {
  id: 'earn',
  title: `Earn, unary gRPC, ${inFlight} in flight, ${memberCount.toLocaleString('en')} members`,
  unit: 'earns',
  aims: [{ against: 'P', atLeast: 1.5 }, { against: 'N', atLeast: 8 }, { against: 'E' }],
  async prepare(stage, { nodeArgs }) {
    const pgbench = await createPgbench(stage);
    const services = await startLoyaltyServices(stage, nodeArgs);
    const users = userIds(memberCount);
    await createProgram(stage, { address: services.programs.address, programId });
    await joinMembers(stage, { address: services.ledger.address, programId, users });
    const plan = planner(await stage.token('service'));
    const earn = createEarnContestant(services, plan);
    const naive = await createNaiveService(stage, { plan, programId, userIds: users });
    const empty = await createEmptyService(stage, plan);
    return {
      contestants: [earn, pgbench, naive, empty],
      async verify() {
        await naive.verify();
        return earn.verify();
      },
    };
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
      userId: userIdPrefix + '0'.repeat(userIdWidth),
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
        { prefix: userIdPrefix, width: userIdWidth, below: memberCount },
      ]),
      inFlight,
      ...window,
    };
  };
}

function createEarnContestant(
  { ledger, ledgerDatabaseUrl }: LoyaltyServices,
  plan: PlanEarns,
): Contestant & Pick<PreparedRow, 'verify'> {
  let acknowledged = 0;
  // Every commit leaves one row in the outbox.
  const commits = () => scalar(ledgerDatabaseUrl, 'SELECT last_value FROM outbox_id_seq');
  const unpublished = () => scalar(ledgerDatabaseUrl, 'SELECT count(*) FROM outbox');

  async function measure(window: Window): Promise<Measurement> {
    const commitsBefore = await commits();
    const measurement = await measureService(ledger, plan(window));
    acknowledged += measurement.acknowledged;
    const batchesLeft = await unpublished();
    const earnsPerCommit = measurement.acknowledged / ((await commits()) - commitsBefore);
    await drain();
    return {
      ...measurement,
      details: {
        ...measurement.details,
        earnsPerCommit: Math.round(earnsPerCommit * 10) / 10,
        unpublishedBatchesAtEnd: batchesLeft,
      },
    };
  }

  // What is still to be published would take processor time from the next to be measured.
  async function drain(): Promise<void> {
    const patience = AbortSignal.timeout(drainPatienceMs);
    while ((await unpublished()) > 0) {
      if (patience.aborted)
        throw new Error(`The outbox isn't empty ${drainPatienceMs} ms after the load`);
      await delay(50);
    }
  }

  async function verify(): Promise<string> {
    const count = (sql: string) => scalar(ledgerDatabaseUrl, sql);
    const stored = await count("SELECT count(*) FROM earns WHERE state = 'POSTED'");
    const entries = await count("SELECT count(*) FROM entries WHERE kind = 'EARN'");
    const earned = await count('SELECT sum(points) FROM earns');
    const owned = await count('SELECT sum(available) FROM memberships');
    if (stored !== acknowledged || entries !== acknowledged || earned !== owned) {
      throw new Error(
        `The ledger acknowledged ${acknowledged} earns and stored ${stored} in ${entries} entries; ` +
          `they are worth ${earned} points, and its members own ${owned}`,
      );
    }
    return `${stored.toLocaleString('en')} earns acknowledged, stored and entered in the journal; ${owned.toLocaleString('en')} points earned and owned`;
  }

  return {
    id: 'earn',
    title: 'the ledger',
    measure,
    verify,
  };
}
