// `loyalty import` of a file: reading, joining, crediting, and asking for the result.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import { programId } from '../load/earn-plan.ts';
import { writePurchases } from '../load/purchase-file.ts';
import { combined, type Detail, perCall, processMeter } from '../machine/meters.ts';
import { endedChildrenSeconds } from '../machine/processor-time.ts';
import type { Contestant, Row } from '../row.ts';
import { pgbench } from '../yardsticks/pgbench.ts';
import { ledgerMeters, verifyEarns } from './ledger-contestant.ts';
import { drain, type LedgerUnderTest, sharedLedgers } from './ledgers.ts';

const id = 'import';
/** What makes an import of about the length of the other windows: not a target. */
const linesPerSecond = 5_000;

export const importRow: Row = {
  id,
  title: 'loyalty import --join of a CSV file, 3 purchases a new member, all steps',
  unit: 'lines',
  isShared: true,
  aims: [{ against: 'P' }],
  async prepare(bench) {
    const token = await bench.machine.token('service');
    const ledgers = await sharedLedgers(bench);
    return {
      contestants: ledgers.map((ledger) => importContestant(bench, ledger, token)),
      yardsticks: [await pgbench(bench)],
    };
  },
};

function importContestant(bench: Bench, ledger: LedgerUnderTest, token: string): Contestant {
  const meter = combined([
    ...ledgerMeters(bench, ledger, { id }),
    processMeter('clientCpuUs', endedChildrenSeconds),
  ]);
  let files = 0;
  let imported = 0;

  async function importLines(ms: number): Promise<number> {
    files += 1;
    const prefix = `${id}:${files}:`;
    const file = join(bench.machine.directory, `${id}${ledger.suffix}-${files}.csv`);
    const lines = Math.ceil((ms / 1000) * linesPerSecond);
    await writePurchases(file, { lines, prefix });
    const begin = performance.now();
    await runImport(ledger, { file, token });
    imported += lines;
    return lines / ((performance.now() - begin) / 1000);
  }

  return {
    id: id + ledger.suffix,
    title: `the command and ${ledger.title}`,
    async measure({ warmUpMs, measureMs }) {
      await importLines(warmUpMs);
      await drain(ledger.services);
      const before = imported;
      const end = await meter();
      const perSecond = await importLines(measureMs);
      const costs: Partial<Record<Detail, number>> = perCall(await end(), imported - before);
      await drain(ledger.services);
      return { perSecond, details: costs };
    },
    verify: async () =>
      `${id}${ledger.suffix}: ${await verifyEarns(ledger, { prefix: `${id}:`, acknowledged: imported })}`,
  };
}

/** @throws {Error} when a line wasn't credited */
async function runImport(
  { root, services }: LedgerUnderTest,
  { file, token }: { file: string; token: string },
): Promise<void> {
  const command = join(root, 'cli/src/main.ts');
  await promisify(execFile)(
    process.execPath,
    [command, 'import', file, '--program', programId, '--join'],
    {
      env: {
        ...process.env,
        LOYALTY_SERVICE_TOKEN: token,
        LOYALTY_PROGRAMS_GRPC: services.programs.address,
        LOYALTY_LEDGER_GRPC: services.ledger.address,
      },
    },
  );
}
