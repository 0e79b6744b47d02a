// A ledger under some load as a contestant, and what must be stored afterwards.
import type { Bench } from '../bench.ts';
import type { PlanLoad } from '../load/earn-plan.ts';
import { type LoadMeasurement, measureLoad } from '../load/measure-load.ts';
import { type Meter, natsMeter, postgresMeter, serviceMeter } from '../machine/meters.ts';
import type { Contestant } from '../row.ts';
import { scalar } from '../scalar.ts';
import { drain, expectState, type LedgerUnderTest, unpublished } from './ledgers.ts';

export interface LedgerLoad {
  /** The row's id; the contestant's has the ledger's suffix too. */
  readonly id: string;
  readonly title?: string;
  readonly plan: PlanLoad;
  /** Where the load goes; the ledger's gRPC port by default. */
  readonly address?: string;
  /** Meters of other processes that take part in a call. */
  readonly meters?: readonly Meter[];
  /** Compares what was acknowledged with what is stored; nothing is stored when absent. */
  readonly verify?: (acknowledged: number) => Promise<string>;
}

/** The services that stand behind each call of a ledger. */
export function ledgerMeters(
  bench: Bench,
  { suffix, services }: LedgerUnderTest,
  { id }: { id: string },
): Meter[] {
  // Only this project's ledger is profiled.
  const profileFile = () => (suffix === '' ? bench.profileFile(id) : undefined);
  return [
    serviceMeter(services.ledger, { as: 'ledgerCpuUs', profileFile }),
    postgresMeter(bench.machine),
    natsMeter(services.nats.pid),
  ];
}

export function ledgerContestant(
  bench: Bench,
  ledger: LedgerUnderTest,
  load: LedgerLoad,
): Contestant {
  const { id, plan, verify } = load;
  const { services } = ledger;
  // Every commit leaves one row in the outbox.
  const commits = () => scalar(services.ledgerDatabaseUrl, 'SELECT last_value FROM outbox_id_seq');
  let acknowledged = 0;
  const contestant: Contestant = {
    id: id + ledger.suffix,
    title: load.title ?? ledger.title,
    async measure(window) {
      const commitsBefore = await commits();
      const address = load.address ?? services.ledger.address;
      const meters = [...ledgerMeters(bench, ledger, { id }), ...(load.meters ?? [])];
      const measurement = await measureLoad(plan(window, address), meters);
      acknowledged += measurement.acknowledged;
      const batchesLeft = await unpublished(services);
      const committed = (await commits()) - commitsBefore;
      await drain(services);
      return {
        ...measurement,
        details: {
          ...measurement.details,
          ...perCommit(measurement, committed),
          serviceResidentMiB: Math.round((await services.ledger.residentBytes()) / 2 ** 20),
          unpublishedBatchesAtEnd: batchesLeft,
        },
      };
    },
  };
  if (verify === undefined) return contestant;
  return {
    ...contestant,
    async verify() {
      await expectState(ledger);
      return `${contestant.id}: ${await verify(acknowledged)}`;
    },
  };
}

function perCommit({ acknowledged }: LoadMeasurement, commits: number): Record<string, number> {
  if (commits === 0) return {};
  return { itemsPerCommit: Math.round((acknowledged / commits) * 10) / 10 };
}

/**
 * Compares acknowledged earns with those stored, by the prefix of their transactions.
 *
 * @throws {Error} when they differ, their entries do, or the points of the whole ledger don't add up
 */
export async function verifyEarns(
  { services }: LedgerUnderTest,
  { prefix, acknowledged }: { prefix: string; acknowledged: number },
): Promise<string> {
  const count = (sql: string) => scalar(services.ledgerDatabaseUrl, sql);
  const isOwn = `starts_with(transaction_id, '${prefix}')`;
  const stored = await count(`SELECT count(*) FROM earns WHERE state = 'POSTED' AND ${isOwn}`);
  const entries = await count(`SELECT count(*) FROM entries WHERE kind = 'EARN' AND ${isOwn}`);
  if (stored !== acknowledged || entries !== acknowledged) {
    throw new Error(
      `The ledger acknowledged ${acknowledged} earns, and ${stored} are stored in ${entries} entries`,
    );
  }
  await verifyPoints(services.ledgerDatabaseUrl);
  return `${stored.toLocaleString('en')} earns acknowledged, stored and entered in the journal`;
}

/** @throws {Error} when members don't own what was earned and not redeemed */
export async function verifyPoints(ledgerDatabaseUrl: string): Promise<void> {
  const sum = (column: string, table: string) =>
    scalar(ledgerDatabaseUrl, `SELECT coalesce(sum(${column}), 0) FROM ${table}`);
  const earned = await sum('points', 'earns');
  const redeemed = await sum('points', "redemptions WHERE state = 'CAPTURED'");
  const owned = await sum('available', 'memberships');
  if (earned - redeemed !== owned) {
    throw new Error(
      `${earned} points were earned and ${redeemed} redeemed, but members own ${owned}`,
    );
  }
}
