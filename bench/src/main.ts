// npm run bench: what the platform does per second, next to yardsticks of the same run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '@loyalty/local/settings.ts';
import { createBench, Profiles } from './bench.ts';
import { startBenchMachine } from './machine/bench-machine.ts';
import { currentLoad, readEnvironment } from './machine/environment.ts';
import { checkOut, type Revision } from './machine/revision.ts';
import { budgetLines } from './report/budget.ts';
import { chartOf } from './report/chart.ts';
import { profileLines, readProfiles } from './report/profile.ts';
import { costColumns, environmentLines, tableOf } from './report/table.ts';
import type { Aim, Effort, Row } from './row.ts';
import { balanceRow } from './rows/balance.ts';
import { batchRow } from './rows/batch.ts';
import { earnRow } from './rows/earn.ts';
import { earnRestoredRow } from './rows/earn-restored.ts';
import { earnUnanalyzedRow } from './rows/earn-unanalyzed.ts';
import { evaluateRow } from './rows/evaluate.ts';
import { gatewayBalanceRow } from './rows/gateway-balance.ts';
import { grownRow } from './rows/grown.ts';
import { hotRow } from './rows/hot.ts';
import { importRow } from './rows/import.ts';
import { memoryRow } from './rows/memory.ts';
import { redeemRow } from './rows/redeem.ts';
import { streamRow } from './rows/stream.ts';
import { type ReadyRow, type RowResult, runRounds } from './run-rounds.ts';

const rows: readonly Row[] = [
  earnRow,
  batchRow,
  streamRow,
  redeemRow,
  balanceRow,
  gatewayBalanceRow,
  hotRow,
  importRow,
  evaluateRow,
  earnUnanalyzedRow,
  earnRestoredRow,
  grownRow,
  memoryRow,
];

const usage = `npm run bench                 every row but grown and memory, 5 rounds, about 30 minutes
npm run bench -- --quick      3 short rounds, about 10 minutes; the JIT isn't warm
npm run bench -- ROW...       only the rows named: ${rows.map(({ id }) => id).join(', ')}
             --rounds N       another number of rounds
             --compare REV    also measures another commit, in turn with this one, in 9 rounds
             --grown          also the row grown, which fills a database for minutes
             --profile        also writes CPU profiles of the ledger, and shows who takes the time, which costs some throughput`;

const full: Effort = {
  rounds: 5,
  window: { warmUpMs: 4_000, measureMs: 10_000 },
  firstWarmUpMs: 15_000,
};
/** A difference of a few percent shows only over this many. */
const roundsToCompare = 9;
const quick: Effort = {
  rounds: 3,
  window: { warmUpMs: 1_000, measureMs: 3_000 },
  firstWarmUpMs: 1_000,
};
const quickWarning =
  "A quick run: the JIT isn't warm, so that CPU and allocations per call are higher than in a full run.";

const resources = new AsyncDisposableStack();
let cleaned: Promise<void> | undefined;
stopOnSignals();
process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  const options = readArguments();
  if (options === undefined) return 1;
  const startTime = new Date();
  const name = startTime.toISOString().replaceAll(':', '-').slice(0, 19);
  const directory = join(root, 'bench/results');
  mkdirSync(directory, { recursive: true });
  const loadBefore = currentLoad();
  try {
    if (options.isQuick) console.log(quickWarning);
    console.log('Starting PostgreSQL and NATS …');
    const machine = await startBenchMachine(resources);
    const environment = await readEnvironment(machine.postgres, loadBefore);
    const profiles = options.profile ? new Profiles({ directory, run: name }) : undefined;
    const revision =
      options.compare === undefined ? undefined : await checkOut(machine, options.compare);
    const { isQuick, effortOf } = options;
    const results: RowResult[] = [];
    for (const group of groupsOf(options.rows, effortOf)) {
      results.push(...(await measureGroup(group, { machine, isQuick, revision, profiles })));
    }
    const report = { startTime, isQuick, environment, rows: results };
    const file = join(directory, name);
    writeFileSync(`${file}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    writeFileSync(`${file}.svg`, chartOf(report));
    console.log(['', ...environmentLines(environment), ...results.flatMap(tableOf)].join('\n'));
    for (const result of results) {
      const files = profiles?.of(result.id) ?? [];
      if (files.length > 0) console.log(linesOfProfiles(result, files).join('\n'));
    }
    if (isQuick) console.log(`\n${quickWarning}`);
    console.log(`\nKept in ${relative(process.cwd(), file)}.json and .svg`);
    return 0;
  } catch (error) {
    // What was stopped in the middle fails, as it should.
    if (cleaned === undefined) console.error(error);
    return 1;
  } finally {
    await cleanUp();
  }
}

/** The lines that show where the CPU time goes. */
function linesOfProfiles({ id, contestants }: RowResult, files: readonly string[]): string[] {
  const profiles = readProfiles(files);
  const cpuPerCallUs = contestants[0]?.details['ledgerCpuPerCallUs'] ?? 0;
  return [...profileLines(id, { profiles, root }), ...budgetLines(profiles, cpuPerCallUs)];
}

/** Rows that are measured together. */
interface Group {
  readonly rows: readonly Row[];
  readonly effort: Effort;
}

/** Those that share, then each of the others alone. */
function groupsOf(chosen: readonly Row[], effortOf: (row?: Row) => Effort): Group[] {
  const shared = chosen.filter(({ isShared }) => isShared);
  const others = chosen.filter(({ isShared }) => !isShared);
  return [
    ...(shared.length === 0 ? [] : [{ rows: shared, effort: effortOf() }]),
    ...others.map((row) => ({ rows: [row], effort: effortOf(row) })),
  ];
}

async function measureGroup(
  { rows: group, effort }: Group,
  { machine, ...options }: Parameters<typeof createBench>[0],
): Promise<RowResult[]> {
  // What one group has started takes nothing from the next.
  const own = machine.resources.use(new AsyncDisposableStack());
  const bench = createBench({ machine: { ...machine, resources: own }, ...options });
  const ready: ReadyRow[] = [];
  for (const row of group) {
    console.log(`\n${row.title}\nPreparing …`);
    const aims = [...row.aims, ...comparisons(row, options.revision)];
    ready.push({ row, prepared: await row.prepare(bench), aims });
  }
  await machine.checkpoint();
  const results = await runRounds(ready, { ...effort, print: console.log });
  await own.disposeAsync();
  return results;
}

/** The throughput, and what it costs. */
function comparisons({ id }: Row, revision: Revision | undefined): Aim[] {
  if (revision === undefined) return [];
  const against = `${id}@${revision.commit}`;
  return [{ against }, ...costColumns.map(([of]) => ({ against, of }))];
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        compare: { type: 'string' },
        grown: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
      },
    });
    const { quick: isQuick, compare, grown, profile } = values;
    if (values.rounds !== undefined && !/^[1-9]\d*$/.test(values.rounds)) {
      throw new Error('--rounds needs a whole number from 1');
    }
    const unknown = positionals.filter((id) => rows.every((row) => row.id !== id));
    if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}`);
    const isWanted = ({ id, isOnlyNamed }: Row) =>
      positionals.includes(id) ||
      (positionals.length === 0 && isOnlyNamed !== true) ||
      (grown && id === grownRow.id);
    const effortOf = (row?: Row): Effort => {
      const usual = isQuick ? quick : full;
      const rounds = compare === undefined ? usual.rounds : roundsToCompare;
      const effort = row?.effort?.(isQuick) ?? { ...usual, rounds };
      return values.rounds === undefined ? effort : { ...effort, rounds: Number(values.rounds) };
    };
    return { rows: rows.filter(isWanted), isQuick, effortOf, compare, profile };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return undefined;
  }
}

/** Ends what was started, and removes its files. */
function cleanUp(): Promise<void> {
  cleaned ??= resources.disposeAsync();
  return cleaned;
}

function stopOnSignals(): void {
  const stop = () => {
    if (cleaned !== undefined) return;
    console.error('\nStopping …');
    void cleanUp().finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.on('disconnect', stop);
}
