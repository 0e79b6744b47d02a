import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createPlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { createProgram, http } from '../src/http.ts';
import { tokenFor } from '../src/tokens.ts';
import type { Attack, OutcomeCounts } from './attacker.ts';
import { type Abuse, wideLimits } from './attacks.ts';
import { createCaller, type Target } from './calls.ts';

export interface TrialResult {
  /** The p99 of the bystander's calls. */
  readonly aloneMs: number;
  readonly attackedMs: number;
  /** Outcomes of the bystander's calls other than OK. */
  readonly bystanderRefusals: OutcomeCounts;
  readonly attackerOutcomes: OutcomeCounts;
  /** By process: its highest memory while attacked, and the largest increase since just before an attack. */
  readonly memory: Readonly<Record<string, { readonly mostMib: number; readonly moreMib: number }>>;
}

const rounds = 4;
/** Services trust 127.0.0.1 as the gateway's address. */
const strangersAddress = '127.0.0.2';
const programId = 'abuse';
const member = 'alice';
const mains = {
  gateway: 'gateway/src/main.ts',
  ledger: 'services/ledger/src/main.ts',
  programs: 'services/programs/src/main.ts',
};

/** Runs a platform with these limits, and a program with one member on it. */
export async function withPlatform<Result>(
  limits: Readonly<Record<string, number>>,
  use: (platform: RunningPlatform) => Promise<Result>,
): Promise<Result> {
  const home = await createPlatformHome();
  const settings = Object.entries({ ...wideLimits, ...limits }).flatMap(([name, value]) =>
    ['GATEWAY', 'LEDGER', 'PROGRAMS'].map((prefix) => [`${prefix}_${name}`, String(value)]),
  );
  const platform = await startPlatform({
    ...home,
    settings: { ...home.settings, ...(Object.fromEntries(settings) as Record<string, string>) },
  });
  try {
    const rate = { points: 5, per: { currencyCode: 'USD', minorUnits: 10_000 } };
    await createProgram(platform, { programId, rate });
    const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
    const path = `programs/${programId}/members`;
    const joined = await http(platform, { token, path, body: { userId: member } });
    if (joined.status !== 201) throw new Error(JSON.stringify(joined));
    return await use(platform);
  } finally {
    await platform.stop();
    await home.remove();
  }
}

/**
 * Lets a bystander call alone and beside an attacker by turns.
 *
 * @param calls that the bystander makes alone, and as many while attacked
 */
export async function runTrial(
  platform: RunningPlatform,
  abuse: Abuse,
  { calls }: { calls: number },
): Promise<TrialResult> {
  const target = await targetOf(platform, abuse);
  const token = await tokenFor(platform, 'service', 'bystander');
  const bystander = createCaller({ ...target, token, bodyBytes: 0, slowMs: 0 });
  const attacker = startAttacker({
    target,
    atOnce: abuse.atOnce,
    perSecond: abuse.perSecond,
    newTokens: abuse.unknown === true,
  });
  const alone: number[] = [];
  const attacked: number[] = [];
  const refusals: OutcomeCounts = {};
  const outcomes: OutcomeCounts = {};
  const each = Math.ceil(calls / rounds);
  try {
    // Warms up compilation, connections and caches.
    await latencies(bystander, calls, refusals);
    const memory: Record<string, { mostMib: number; moreMib: number }> = {};
    // The first round only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      const withoutAttack = await latencies(bystander, each, refusals);
      // Read again each round: the bystander's own calls also grow the processes for a while.
      const before = memoryOf(platform);
      attacker.send('start');
      const withAttack = await latencies(bystander, each, refusals);
      for (const [name, mib] of Object.entries(memoryOf(platform))) {
        const { mostMib = 0, moreMib = 0 } = memory[name] ?? {};
        memory[name] = {
          mostMib: Math.max(mostMib, mib),
          moreMib: Math.max(moreMib, mib - (before[name] ?? 0)),
        };
      }
      attacker.send('stop');
      const [counts] = (await once(attacker, 'message', {
        signal: AbortSignal.timeout(reportMs),
      })) as [OutcomeCounts];
      for (const [outcome, count] of Object.entries(counts)) add(outcomes, outcome, count);
      if (round === 0) continue;
      alone.push(...withoutAttack);
      attacked.push(...withAttack);
    }
    return {
      aloneMs: percentile99(alone),
      attackedMs: percentile99(attacked),
      bystanderRefusals: refusals,
      attackerOutcomes: outcomes,
      memory,
    };
  } finally {
    bystander.close();
    attacker.disconnect();
  }
}

/** The limit of waiting for a report: an attacker that has ended never sends one. */
const reportMs = 60_000;

async function targetOf(
  platform: RunningPlatform,
  { transport, role, bodyBytes, slowMs = 0 }: Abuse,
): Promise<Target> {
  const urls = {
    gateway: platform.env['LOYALTY_URL'],
    connect: platform.ledgerHttp,
    grpc: `http://${platform.env['LOYALTY_LEDGER_GRPC']}`,
  };
  return {
    transport,
    port: Number(new URL(urls[transport] ?? '').port),
    fromAddress: strangersAddress,
    programId,
    userId: member,
    token: await tokenFor(platform, role, member),
    bodyBytes,
    slowMs,
  };
}

function startAttacker(attack: Attack): ChildProcess {
  return spawn(
    process.execPath,
    [join(import.meta.dirname, 'attacker.ts'), JSON.stringify(attack)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
}

/** How many milliseconds each call takes, two at a time. */
async function latencies(
  { call }: { call(): Promise<string> },
  count: number,
  refusals: OutcomeCounts,
): Promise<number[]> {
  const taken: number[] = [];
  let begun = 0;
  const callOn = async () => {
    while (begun < count) {
      begun += 1;
      const startMs = performance.now();
      const outcome = await call();
      taken.push(performance.now() - startMs);
      if (outcome !== 'OK') add(refusals, outcome, 1);
    }
  };
  await Promise.all([callOn(), callOn()]);
  return taken;
}

function add(counts: OutcomeCounts, outcome: string, count: number): void {
  counts[outcome] = (counts[outcome] ?? 0) + count;
}

function percentile99(taken: readonly number[]): number {
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? Number.NaN;
}

/** Resident memory of each process, in MiB. */
function memoryOf(platform: RunningPlatform): Record<string, number> {
  return Object.fromEntries(
    Object.entries(mains).map(([name, main]) => {
      const status = readFileSync(`/proc/${platform.pidOf(main)}/status`, 'utf8');
      return [name, Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024];
    }),
  );
}

/** The process's memory limit in the deployment, in MiB. */
export function memoryLimitMib(name: string): number {
  const file = join(root, 'deploy/kubernetes/base', name, 'deployment.yaml');
  return Number(/limits: \{memory: (\d+)Mi\}/.exec(readFileSync(file, 'utf8'))?.[1]);
}
