// The ledgers that rows put a load on: this project's, and another revision's where there is one.
import { setTimeout as delay } from 'node:timers/promises';
import { root as ownRoot } from '@loyalty/local/settings.ts';
import { disableAutovacuum, pretendRestored } from '@loyalty/local/table-statistics.ts';
import type { Bench } from '../bench.ts';
import { programId, users } from '../load/earn-plan.ts';
import { createProgram, joinMembers, joinWithPurchase } from '../load/members.ts';
import type { BenchMachine } from '../machine/bench-machine.ts';
import { type LoyaltyServices, startLoyaltyServices } from '../machine/loyalty-services.ts';
import { repeatEarns } from '../machine/past-earns.ts';
import { scalar } from '../scalar.ts';

export interface LedgerUnderTest {
  /** What the ids of its contestants end with: nothing, or `@` and the commit of another revision. */
  readonly suffix: string;
  readonly title: string;
  /** The top of its project's files. */
  readonly root: string;
  readonly services: LoyaltyServices;
  readonly state: DatabaseState;
}

/** What PostgreSQL has and knows of the ledger's tables. Those that aren't new are kept from being analyzed. */
type DatabaseState = 'new' | 'unanalyzed' | 'restored';

interface LedgerOptions {
  /** Distinguishes its databases from those of others. */
  readonly name: string;
  readonly state: DatabaseState;
  /** What each member has bought before; nothing by default. */
  readonly firstPurchaseCents?: bigint;
}

export const restoredEarnsEach = 100;
const drainPatienceMs = 60_000;
/** 12,500 points: no member runs out of them in a run. */
const plentyCents = 25_000_000n;
/** The amount of each purchase of the load. */
export const usualCents = 25_000n;

/** The ledgers of all rows that share. Their members have points to redeem. */
export function sharedLedgers(bench: Bench): Promise<readonly LedgerUnderTest[]> {
  return bench.shared('ledgers', () =>
    startLedgers(bench, { name: 'shared', state: 'new', firstPurchaseCents: plentyCents }),
  );
}

/** This project's ledger, and that of another revision if there is one. */
export async function startLedgers(
  bench: Bench,
  options: LedgerOptions,
): Promise<LedgerUnderTest[]> {
  const own = await startLedger(bench.machine, options);
  if (bench.revision === undefined) return [own];
  const { commit, root } = bench.revision;
  const name = `${options.name}-${commit}`;
  const other = await startLedger(bench.machine, { ...options, name, root });
  return [own, { ...other, suffix: `@${commit}`, title: `the ledger of ${commit}` }];
}

export async function startLedger(
  machine: BenchMachine,
  { name, state, firstPurchaseCents, root = ownRoot }: LedgerOptions & { root?: string },
): Promise<LedgerUnderTest> {
  const services = await startLoyaltyServices(machine, { name, root });
  if (state !== 'new') await disableAutovacuum(services.ledgerDatabaseUrl);
  await createProgram(machine, { address: services.programs.address, programId });
  const members = { address: services.ledger.address, programId, users };
  if (firstPurchaseCents === undefined) await joinMembers(machine, members);
  else await joinWithPurchase(machine, { ...members, cents: firstPurchaseCents });
  await drain(services);
  if (state === 'restored') await restoreEarns(services);
  return { suffix: '', title: 'the ledger', root, services, state };
}

/** Gives the members a past, as a ledger has that was restored a moment ago. */
async function restoreEarns(services: LoyaltyServices): Promise<void> {
  const { ledgerDatabaseUrl } = services;
  await services.restartLedger(async () => {
    await repeatEarns(ledgerDatabaseUrl, restoredEarnsEach);
    await pretendRestored(ledgerDatabaseUrl);
  });
}

/** @throws {Error} when the tables were analyzed meanwhile, so that what was measured isn't what the row says */
export async function expectState({ services, state }: LedgerUnderTest): Promise<void> {
  if (state === 'new') return;
  const known = await scalar(
    services.ledgerDatabaseUrl,
    "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'",
  );
  if (known > 0) throw new Error('The database was analyzed while it was measured');
}

/** The batches of events that wait to be published. */
export function unpublished({ ledgerDatabaseUrl }: LoyaltyServices): Promise<number> {
  return scalar(ledgerDatabaseUrl, 'SELECT count(*) FROM outbox');
}

/** What is still to be published would take processor time from the next to be measured. */
export async function drain(services: LoyaltyServices): Promise<void> {
  const patience = AbortSignal.timeout(drainPatienceMs);
  while ((await unpublished(services)) > 0) {
    if (patience.aborted)
      throw new Error(`The outbox isn't empty ${drainPatienceMs} ms after the load`);
    await delay(50);
  }
}
