// npm run test:faults: breaks the platform in every way of docs/reliability.md, and checks that nothing was lost or doubled.
import { parseArgs } from 'node:util';
import { rowLine, tableOf } from './report.ts';
import { rows } from './rows.ts';
import type { Control, Row } from './trial.ts';
import { controlsOf, isNoticed, isSound, type Result, runTrial } from './trial.ts';

const usage = `npm run test:faults                        every row at a tenth of its counts, and its negative controls
npm run test:faults -- --full              at its full counts
npm run test:faults -- kill nats-kill      only the rows named: ${rows.map(({ id }) => id).join(', ')}
                       --seed N            other random choices; 1 by default
                       --no-controls       without the negative controls
                       --only-controls     nothing but these`;

/** Each has a platform of its own, and waits more than it computes. */
const trialsAtOnce = 2;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) {
  // What was started ends with this process.
  process.on(signal, () => process.exit(130));
}
process.exitCode = await main();
process.exit();

/** What the runs of a row have shown so far. */
interface Entry {
  readonly row: Row;
  result?: Result;
  readonly controls: Map<Control, Result>;
}

async function main(): Promise<number> {
  const options = readArguments();
  if (options === undefined) return 1;
  const { chosen, seed, full, normals, controls } = options;
  const results = chosen.map((row): Entry => ({ row, controls: new Map() }));
  const trials = results.flatMap((entry) => [
    ...(normals ? [{ entry, control: undefined }] : []),
    ...(controls ? controlsOf(entry.row).map((control) => ({ entry, control })) : []),
  ]);
  let failures = 0;
  const remaining = trials.values();
  const runInTurn = async () => {
    for (const { entry, control } of remaining) {
      const { row } = entry;
      const times = full ? row.times.full : row.times.tenth;
      try {
        const result = await runTrial(row, { times, seed, control });
        if (control === undefined) entry.result = result;
        else entry.controls.set(control, result);
        console.log(rowLine(row, result, control));
      } catch (error) {
        failures += 1;
        console.error(`✗ ${row.id}: the trial itself failed:`, error);
      }
    }
  };
  await Promise.all(Array.from({ length: trialsAtOnce }, runInTurn));
  console.log(tableOf(results));
  const isGood = results.every(
    ({ result, controls: noticed }) =>
      (result === undefined || isSound(result)) &&
      [...noticed].every(([control, shown]) => isNoticed(shown, control)),
  );
  return isGood && failures === 0 ? 0 : 1;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        full: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        'no-controls': { type: 'boolean', default: false },
        'only-controls': { type: 'boolean', default: false },
      },
    });
    const seed = Number(values.seed);
    if (!Number.isSafeInteger(seed)) throw new Error('--seed needs a whole number');
    const unknown = positionals.filter((id) => rows.every((row) => row.id !== id));
    if (unknown.length > 0) throw new Error(`There is no row ${unknown.join(', ')}`);
    return {
      chosen: rows.filter(({ id }) => positionals.length === 0 || positionals.includes(id)),
      seed,
      full: values.full,
      normals: !values['only-controls'],
      controls: !values['no-controls'],
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return undefined;
  }
}
