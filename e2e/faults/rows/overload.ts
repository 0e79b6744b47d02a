import { setTimeout as delay } from 'node:timers/promises';
import { awaitCondition } from '../patience.ts';
import type { Row, Trial } from '../trial.ts';

/** How long PostgreSQL takes for each purchase, so that it limits the ledger, and not this machine's processors. */
const purchaseSeconds = 0.02;
/** Far more than the ledger's two transactions at a time can serve. */
const floodPerSecond = 4 / purchaseSeconds;
const warmUpMs = 5_000;
const saturationMs = 8_000;
const overloadFactor = 1.2;
const tickMs = 20;
/** The share of its capacity that the ledger has to serve when more calls come. */
const servedShareMin = 0.7;
/** 99 of 100 calls that are served, with the second that a call may wait and the transaction that it is part of. */
const servedWithinMsMax = 4_000;
const growthBytesMax = 64 * 2 ** 20;
const recoveryMsMax = 15_000;

export const overload: Row = {
  id: 'overload',
  fault:
    'calls come at 1.2 times the rate that the ledger can serve, for 20 s (60 s in a full run)',
  times: { full: 6, tenth: 2 },
  customers: { members: 1_000, connections: 20 },
  async run(trial) {
    const { site, customers, times } = trial;
    await slowDown(trial);
    await trial.once(async () => {
      // Nobody has measured anything yet when the first calls come.
      await openLoad(trial, { callsPerSecond: floodPerSecond, lastsMs: warmUpMs });
      const before = new Map(customers.errors);
      const flood = await openLoad(trial, {
        callsPerSecond: floodPerSecond,
        lastsMs: saturationMs,
      });
      const callsPerSecond = flood.servedPerSecond * overloadFactor;
      const load = await openLoad(trial, { callsPerSecond, lastsMs: times * 10_000 });
      const { OVERLOADED: refused = 0, ...others } = errorsSince(before, customers.errors);
      trial.count('calls/s', Math.round(callsPerSecond));
      trial.count('served/s', Math.round(load.servedPerSecond));
      trial.count('refused with OVERLOADED', refused);
      trial.count('ms until served (99 of 100)', load.p99Ms);
      trial.count('MiB grown', Math.round(load.grownBytes / 2 ** 20));
      if (refused === 0) trial.problem('nothing was refused with OVERLOADED');
      if (Object.keys(others).length > 0) {
        trial.problem(`calls failed otherwise: ${JSON.stringify(others)}`);
      }
      if (load.servedPerSecond < flood.servedPerSecond * servedShareMin) {
        trial.problem(`${load.servedPerSecond} a second served of ${flood.servedPerSecond}`);
      }
      if (load.p99Ms > servedWithinMsMax) trial.problem(`1 of 100 waited over ${load.p99Ms} ms`);
      if (load.grownBytes > growthBytesMax) trial.problem('the ledger’s memory grew');
      try {
        await awaitCondition('a call served', () => customers.earn(customers.users[0] ?? ''), {
          satisfies: (outcome) => outcome === 'ok',
          limitMs: recoveryMsMax,
        });
      } catch (error) {
        trial.problem((error as Error).message);
      }
      await site.execute('DROP TRIGGER slow ON earns');
      await trial.recover();
    });
  },
  control: {
    off: 'the limit of the time that a call may wait',
    shows: /^calls failed otherwise: .*DEADLINE_EXCEEDED/,
    site: { ledgerEnv: { LEDGER_QUEUE_WAIT_MS_MAX: '60000' } },
  },
};

function errorsSince(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, number> {
  return Object.fromEntries(
    [...after]
      .map(([reason, times]) => [reason, times - (before.get(reason) ?? 0)] as const)
      .filter(([, times]) => times > 0),
  );
}

async function slowDown({ site }: Trial): Promise<void> {
  await site.execute(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(${purchaseSeconds}); RETURN NEW; END $$`);
  await site.execute(
    'CREATE TRIGGER slow BEFORE INSERT ON earns FOR EACH ROW EXECUTE FUNCTION slow()',
  );
}

/** Sends calls at a steady rate, whether or not earlier ones have ended. */
async function openLoad(
  { site, customers, random }: Trial,
  { callsPerSecond, lastsMs }: { callsPerSecond: number; lastsMs: number },
): Promise<{ servedPerSecond: number; p99Ms: number; grownBytes: number }> {
  const [{ process }] = site.ledgers;
  const latenciesMs: number[] = [];
  const calls: Promise<void>[] = [];
  const call = async () => {
    const began = performance.now();
    const outcome = await customers.earn(random.pick(customers.users));
    if (outcome === 'ok') latenciesMs.push(performance.now() - began);
  };
  const began = performance.now();
  let halfwayBytes: number | undefined;
  for (let passedMs = 0; passedMs < lastsMs; passedMs = performance.now() - began) {
    if (passedMs > lastsMs / 2) halfwayBytes ??= process.residentBytes();
    while (calls.length < (passedMs * callsPerSecond) / 1_000) calls.push(call());
    await delay(tickMs);
  }
  const grownBytes = process.residentBytes() - (halfwayBytes ?? 0);
  await Promise.all(calls);
  const servedPerSecond = (latenciesMs.length * 1_000) / (performance.now() - began);
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const p99Ms = Math.round(sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0);
  return { servedPerSecond, p99Ms, grownBytes };
}
