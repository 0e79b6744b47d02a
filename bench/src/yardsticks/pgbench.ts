// P: what the database gives anyone, one simple update a transaction.
import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { ensureDatabase } from '@loyalty/local/databases.ts';
import type { Bench } from '../bench.ts';
import type { BenchMachine } from '../machine/bench-machine.ts';
import { combined, type Detail, perCall, postgresMeter, processMeter } from '../machine/meters.ts';
import { endedChildrenSeconds } from '../machine/processor-time.ts';
import type { Contestant } from '../row.ts';
import { prepareSimpleUpdates, runSimpleUpdates } from './simple-update.ts';

const run = promisify(execFile);

const clients = 32;
/** In units of 100,000 accounts, as pgbench counts: enough that clients rarely update the same row. */
export const scale = 10;

/** P, once for all rows. */
export function pgbench(bench: Bench): Promise<Contestant> {
  return bench.shared('P', () => createPgbench(bench.machine));
}

/** pgbench itself where it is installed, and the same transaction through pg elsewhere. */
async function createPgbench(machine: BenchMachine): Promise<Contestant> {
  const url = await ensureDatabase(machine.postgres, 'pgbench');
  const program = findPgbench();
  if (program === undefined) {
    await prepareSimpleUpdates({ url, scale });
    return {
      id: 'P',
      title: `no pgbench: its -N through pg, ${clients} clients`,
      async measure(window) {
        return { perSecond: await runSimpleUpdates({ url, scale, clients, window }), details: {} };
      },
    };
  }
  await run(program, ['--initialize', '--quiet', '--scale', String(scale), url]);
  const options = ['-N', '-M', 'prepared', '-c', String(clients)];
  const runFor = async (ms: number) => {
    const seconds = Math.max(Math.ceil(ms / 1000), 1);
    const args = [...options, '--jobs', '2', '--time', String(seconds), '--no-vacuum', url];
    return (await run(program, args)).stdout;
  };
  const meter = combined([
    postgresMeter(machine),
    processMeter('clientCpuUs', endedChildrenSeconds),
  ]);
  return {
    id: 'P',
    title: `pgbench ${options.join(' ')}`,
    async measure({ warmUpMs, measureMs }) {
      await runFor(warmUpMs);
      const end = await meter();
      const output = await runFor(measureMs);
      const readings = await end();
      const transactions = figure(output, 'number of transactions actually processed:');
      const costs = perCall(readings, transactions);
      return {
        perSecond: figure(output, 'tps ='),
        details: {
          latencyMeanMs: figure(output, 'latency average ='),
          ...costs,
          ...allOf(costs),
        },
      };
    },
  };
}

/** What a transaction takes, its client included. */
function allOf(costs: Partial<Record<Detail, number>>): Record<string, number> {
  const { postgresCpuPerCallUs, clientCpuPerCallUs } = costs;
  if (postgresCpuPerCallUs === undefined || clientCpuPerCallUs === undefined) return {};
  return { allCpuPerCallUs: postgresCpuPerCallUs + clientCpuPerCallUs };
}

function findPgbench(): string | undefined {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'pgbench'));
  // Debian's is a Perl script that needs a package which knows the clusters; the program itself is better.
  const debian = globSync('/usr/lib/postgresql/*/bin/pgbench').toSorted().toReversed();
  return [...debian, ...onPath].find((path) => existsSync(path));
}

function figure(output: string, name: string): number {
  const [, value] = new RegExp(`^${name} ([\\d.]+)`, 'm').exec(output) ?? [];
  if (value === undefined) throw new Error(`pgbench printed no ${name}:\n${output}`);
  return Number(value);
}
