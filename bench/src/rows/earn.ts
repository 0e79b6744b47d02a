// Unary Earn over gRPC, the path that the platform exists for.
import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { disableAutovacuum, pretendRestored } from '@loyalty/local/table-statistics.ts';
import {
  EarnRequestSchema,
  LedgerService,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { frameTemplate } from '../load/frame-template.ts';
import { measureService } from '../load/measure-service.ts';
import {
  createProgram,
  earnOnce,
  joinMembers,
  userIdPrefix,
  userIds,
  userIdWidth,
} from '../load/members.ts';
import { type LoyaltyServices, startLoyaltyServices } from '../machine/loyalty-services.ts';
import { repeatEarns } from '../machine/past-earns.ts';
import type { Stage } from '../machine/stage.ts';
import type { Contestant, Measurement, PreparedRow, PrepareOptions, Row, Window } from '../row.ts';
import { scalar } from '../scalar.ts';
import {
  createEmptyService,
  createNaiveService,
  type PlanEarns,
} from '../yardsticks/earn-yardsticks.ts';
import { createPgbench } from '../yardsticks/pgbench.ts';

const inFlight = 200;
const memberCount = 10_000;
const users = userIds(memberCount);
const restoredEarnsEach = 100;
const programId = 'bench';
const drainPatienceMs = 60_000;
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

type LedgerContestant = Contestant & Pick<PreparedRow, 'verify'>;

/** What PostgreSQL has and knows of the ledger's tables. Those that aren't new are kept from being analyzed. */
type DatabaseState = 'new' | 'unanalyzed' | 'restored';

interface LedgerOptions extends Pick<Contestant, 'id' | 'title'> {
  /** Tells its databases from those of others. */
  readonly name: string;
  readonly root?: string;
  readonly ledgerNodeArgs?: readonly string[];
  readonly state: DatabaseState;
}

/** This project's ledger, and that of another revision if there is one. */
async function startLedgers(
  stage: Stage,
  {
    row,
    plan,
    state,
    nodeArgs,
    revision,
  }: PrepareOptions & { row: string; plan: PlanEarns; state: DatabaseState },
): Promise<LedgerContestant[]> {
  const own = await startLedger(stage, plan, {
    id: 'earn',
    title: 'the ledger',
    name: row,
    ledgerNodeArgs: nodeArgs,
    state,
  });
  if (revision === undefined) return [own];
  const { commit, root } = revision;
  const title = `the ledger of ${commit}`;
  const name = `${row}-${commit}`;
  return [own, await startLedger(stage, plan, { id: commit, title, name, root, state })];
}

async function startLedger(
  stage: Stage,
  plan: PlanEarns,
  { id, title, state, ...options }: LedgerOptions,
): Promise<LedgerContestant> {
  const services = await startLoyaltyServices(stage, options);
  if (state !== 'new') await disableAutovacuum(services.ledgerDatabaseUrl);
  await createProgram(stage, { address: services.programs.address, programId });
  await joinMembers(stage, { address: services.ledger.address, programId, users });
  if (state === 'restored') await restoreEarns(stage, services);
  const contestant = await createEarnContestant(stage, services, plan);
  return {
    id,
    title,
    ...contestant,
    async verify() {
      if (state !== 'new') await expectNoStatistics(services);
      return contestant.verify();
    },
  };
}

/** Gives the members a past, as a ledger has that was restored a moment ago. */
async function restoreEarns(stage: Stage, services: LoyaltyServices): Promise<void> {
  const { ledger, ledgerDatabaseUrl } = services;
  await earnOnce(stage, { address: ledger.address, programId, users });
  await drain(ledgerDatabaseUrl);
  await services.restartLedger(async () => {
    await repeatEarns(ledgerDatabaseUrl, restoredEarnsEach);
    await pretendRestored(ledgerDatabaseUrl);
  });
}

/** @throws {Error} when the tables were analyzed meanwhile, so that what was measured isn't what the row says */
async function expectNoStatistics({ ledgerDatabaseUrl }: LoyaltyServices): Promise<void> {
  const known = await scalar(
    ledgerDatabaseUrl,
    "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'",
  );
  if (known > 0) throw new Error('The database was analyzed while it was measured');
}

/** @returns what was found of the first */
async function verifyAll(ledgers: readonly LedgerContestant[]): Promise<string> {
  const found: string[] = [];
  for (const ledger of ledgers) found.push(await ledger.verify());
  return found[0] ?? '';
}

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

async function createEarnContestant(
  stage: Stage,
  services: LoyaltyServices,
  plan: PlanEarns,
): Promise<Pick<LedgerContestant, 'measure' | 'verify'>> {
  const { ledgerDatabaseUrl } = services;
  const count = (sql: string) => scalar(ledgerDatabaseUrl, sql);
  // Every commit leaves one row in the outbox.
  const commits = () => count('SELECT last_value FROM outbox_id_seq');
  const earnsStored = () => count("SELECT count(*) FROM earns WHERE state = 'POSTED'");
  let expected = await earnsStored();

  async function measure(window: Window): Promise<Measurement> {
    const commitsBefore = await commits();
    const measurement = await measureService({ stage, service: services.ledger }, plan(window));
    expected += measurement.acknowledged;
    const batchesLeft = await unpublished(ledgerDatabaseUrl);
    const earnsPerCommit = measurement.acknowledged / ((await commits()) - commitsBefore);
    await drain(ledgerDatabaseUrl);
    return {
      ...measurement,
      details: {
        ...measurement.details,
        earnsPerCommit: Math.round(earnsPerCommit * 10) / 10,
        unpublishedBatchesAtEnd: batchesLeft,
      },
    };
  }

  async function verify(): Promise<string> {
    const stored = await earnsStored();
    const entries = await count("SELECT count(*) FROM entries WHERE kind = 'EARN'");
    const earned = await count('SELECT sum(points) FROM earns');
    const owned = await count('SELECT sum(available) FROM memberships');
    if (stored !== expected || entries !== expected || earned !== owned) {
      throw new Error(
        `With those that the ledger acknowledged there are ${expected} earns, and ${stored} stored in ` +
          `${entries} entries; they are worth ${earned} points, and its members own ${owned}`,
      );
    }
    return `${stored.toLocaleString('en')} earns acknowledged, stored and entered in the journal; ${owned.toLocaleString('en')} points earned and owned`;
  }

  return { measure, verify };
}

function unpublished(ledgerDatabaseUrl: string): Promise<number> {
  return scalar(ledgerDatabaseUrl, 'SELECT count(*) FROM outbox');
}

// What is still to be published would take processor time from the next to be measured.
async function drain(ledgerDatabaseUrl: string): Promise<void> {
  const patience = AbortSignal.timeout(drainPatienceMs);
  while ((await unpublished(ledgerDatabaseUrl)) > 0) {
    if (patience.aborted)
      throw new Error(`The outbox isn't empty ${drainPatienceMs} ms after the load`);
    await delay(50);
  }
}
