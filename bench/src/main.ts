// npm run bench: what the platform does per second, next to yardsticks of the same run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '@loyalty/local/settings.ts';
import { currentLoad, readEnvironment } from './machine/environment.ts';
import { checkOut, type Revision } from './machine/revision.ts';
import { type Stage, setStage } from './machine/stage.ts';
import { chartOf } from './report/chart.ts';
import { environmentLines, tableOf } from './report/table.ts';
import type { Aim, Row } from './row.ts';
import { batchRow } from './rows/batch.ts';
import { earnRestoredRow, earnRow, earnUnanalyzedRow } from './rows/earn.ts';
import { evaluateRow } from './rows/evaluate.ts';
import { type RowResult, runRounds } from './run-rounds.ts';

const rows: readonly Row[] = [earnRow, earnUnanalyzedRow, earnRestoredRow, batchRow, evaluateRow];

const usage = `npm run bench                 every row, 5 rounds, about 5 minutes a row
npm run bench -- --quick      3 short rounds, about a minute a row
npm run bench -- ${rows.map(({ id }) => id).join('|')}         only the rows named
             --rounds N       another number of rounds
             --compare REV    also measures the ledger of another commit, in turn with this one, in 9 rounds
             --profile        also writes the ledger's CPU profile, which costs some throughput`;

const full = { rounds: 5, window: { warmUpMs: 3_000, measureMs: 10_000 } };
/** A difference of a few percent shows only over this many. */
const roundsToCompare = 9;
const quick = { rounds: 3, window: { warmUpMs: 1_000, measureMs: 3_000 } };

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
    console.log('Starting PostgreSQL and NATS …');
    const stage = await setStage(resources);
    const environment = await readEnvironment(stage.postgres, loadBefore);
    const nodeArgs = options.profile
      ? ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${name}.cpuprofile`]
      : [];
    const revision =
      options.compare === undefined ? undefined : await checkOut(stage, options.compare);
    const results: RowResult[] = [];
    for (const row of options.rows) {
      console.log(`\n${row.title}\nPreparing …`);
      results.push(await measureRow(row, { stage, nodeArgs, revision, effort: options.effort }));
    }
    const report = { startTime, ...options.effort, environment, rows: results };
    const file = join(directory, name);
    writeFileSync(`${file}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    writeFileSync(`${file}.svg`, chartOf(report));
    console.log(['', ...environmentLines(environment), ...results.flatMap(tableOf)].join('\n'));
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

async function measureRow(
  row: Row,
  {
    stage,
    nodeArgs,
    revision,
    effort,
  }: {
    stage: Stage;
    nodeArgs: readonly string[];
    revision: Revision | undefined;
    effort: typeof full;
  },
): Promise<RowResult> {
  // What one row has started takes nothing from the next.
  const own = stage.resources.use(new AsyncDisposableStack());
  const prepared = await row.prepare({ ...stage, resources: own }, { nodeArgs, revision });
  await stage.settle();
  const aims = revision === undefined ? [] : comparisonsWith(revision);
  const result = await runRounds(row, prepared, { ...effort, aims, tell: console.log });
  await own.disposeAsync();
  return result;
}

/** The throughput, and what it costs the ledger and PostgreSQL. */
function comparisonsWith({ commit }: Revision): Aim[] {
  return [
    { against: commit },
    { against: commit, of: 'serviceCpuPerCallUs' },
    { against: commit, of: 'postgresCpuPerCallUs' },
  ];
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        compare: { type: 'string' },
        profile: { type: 'boolean', default: false },
      },
    });
    const effort = values.quick ? quick : full;
    const ordinary = values.compare === undefined ? effort.rounds : roundsToCompare;
    const rounds = Number(values.rounds ?? ordinary);
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error('--rounds needs a whole number from 1');
    }
    const unknown = positionals.filter((id) => rows.every((row) => row.id !== id));
    if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}`);
    const chosen = rows.filter(({ id }) => positionals.length === 0 || positionals.includes(id));
    const { compare, profile } = values;
    const alone = chosen.filter(({ takesRevision }) => compare !== undefined && !takesRevision);
    if (alone.length > 0) {
      const able = rows.filter(({ takesRevision }) => takesRevision).map(({ id }) => id);
      throw new Error(`--compare is for ${able.join(' and ')}: name the row`);
    }
    return { rows: chosen, effort: { ...effort, rounds }, compare, profile };
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
