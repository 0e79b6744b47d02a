import { setTimeout as delay } from 'node:timers/promises';
import { awaitCondition } from '../patience.ts';
import type { Row, Trial } from '../trial.ts';

/** How long PostgreSQL takes for each purchase, so that it limits the ledger, and not this machine's processors. */
const purchaseSeconds = 0.02;
/** Enough to keep the ledger busy, and too few to wait for long. */
const waitingCallers = 40;
const warmUpMs = 2_000;
const saturationMs = 5_000;
const overloadFactor = 1.2;
const tickMs = 20;
/** Before a caller who was refused tries another purchase. */
const refusedMs = 500;
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
      const callsPerSecond = (await saturation(trial)) * overloadFactor;
      // Nobody has measured anything yet when the first calls come.
      const before = new Map(customers.errors);
      const load = await openLoad(trial, { callsPerSecond, lastsMs: times * 10_000 });
      const { OVERLOADED: refused = 0, ...others } = errorsSince(before, customers.errors);
      trial.count('calls/s', Math.round(callsPerSecond));
      trial.count('refused with OVERLOADED', refused);
      trial.count('ms until served (median)', load.medianMs);
      trial.count('MiB grown', Math.round(load.grownBytes / 2 ** 20));
      if (refused === 0) trial.problem('nothing was refused with OVERLOADED');
      if (Object.keys(others).length > 0) {
        trial.problem(`calls failed otherwise: ${JSON.stringify(others)}`);
      }
      if (load.medianMs > servedWithinMsMax) trial.problem(`half waited over ${load.medianMs} ms`);
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
    shows: 'problems',
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

/** How many calls a second are served to callers who wait for their answers. */
async function saturation({ customers }: Trial): Promise<number> {
  let served = 0;
  let isOver = false;
  const call = async (userId: string) => {
    while (!isOver) {
      const outcome = await customers.earn(userId);
      if (outcome === 'ok') served += 1;
      else await delay(refusedMs);
    }
  };
  const calling = Promise.all(customers.users.slice(0, waitingCallers).map(call));
  await delay(warmUpMs);
  const before = served;
  await delay(saturationMs);
  isOver = true;
  const result = (served - before) / (saturationMs / 1_000);
  await calling;
  return result;
}

/** Sends calls at a steady rate, whether or not those before are answered. */
async function openLoad(
  { site, customers, random }: Trial,
  { callsPerSecond, lastsMs }: { callsPerSecond: number; lastsMs: number },
): Promise<{ medianMs: number; grownBytes: number }> {
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
  const medianMs = Math.round(latenciesMs.toSorted((a, b) => a - b)[latenciesMs.length >> 1] ?? 0);
  return { medianMs, grownBytes };
}
