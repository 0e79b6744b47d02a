// npm run test:faults: breaks the platform in every way of docs/reliability.md, and checks that nothing was lost or doubled.
import { parseArgs } from 'node:util';
import { rowLine, tableOf } from './report.ts';
import { rows } from './rows.ts';
import type { Row } from './trial.ts';
import { isNoticed, isSound, type Result, runTrial } from './trial.ts';

const usage = `npm run test:faults                        every row at a tenth of its counts, and its negative control
npm run test:faults -- --full              at its full counts
npm run test:faults -- kill nats-kill      only the rows named: ${rows.map(({ id }) => id).join(', ')}
                       --seed N            other random choices; 1 by default
                       --no-controls       without the negative controls
                       --only-controls     nothing but these`;

process.exitCode = await main();
process.exit();

async function main(): Promise<number> {
  const options = readArguments();
  if (options === undefined) return 1;
  const { chosen, seed, full, normals, controls } = options;
  const results: { row: Row; result?: Result; control?: Result }[] = [];
  for (const row of chosen) {
    const times = full ? row.times.full : row.times.tenth;
    const entry: (typeof results)[number] = { row };
    results.push(entry);
    if (normals) {
      entry.result = await runTrial(row, { times, seed, isControl: false });
      console.log(rowLine(row, entry.result));
    }
    if (controls) {
      entry.control = await runTrial(row, { times, seed, isControl: true });
      console.log(rowLine(row, entry.control, { isControl: true }));
    }
  }
  console.log(tableOf(results));
  const isGood = results.every(
    ({ row, result, control }) =>
      (result === undefined || isSound(result)) &&
      (control === undefined || isNoticed(control, row.control)),
  );
  return isGood ? 0 : 1;
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
