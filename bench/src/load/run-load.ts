import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { FrameTemplate } from './frame-template.ts';

/** A closed loop: as many calls as `inFlight` are always under way, spread over a few connections. */
export interface LoadPlan {
  /** `host:port` of a gRPC server. */
  address: string;
  /** `/package.Service/Method` */
  path: string;
  token: string;
  template: FrameTemplate;
  inFlight: number;
  warmUpMs: number;
  measureMs: number;
}

export interface LoadResult {
  /** Calls answered with success within the measured time. */
  perSecond: number;
  latencyMs: { p50: number; p99: number; max: number };
  /** All calls answered with success: those of the warm-up, and those still under way at the end, too. */
  acknowledged: number;
  /** What went wrong, and how often. */
  failures: Record<string, number>;
  /** What the generator itself used, from its start on. */
  cpuSeconds: number;
}

/** What the generator's process answers with. */
export type LoadOutcome = LoadResult | { error: string };

/** Runs the plan in a process of its own. Rejects when the server went away, or the process did. */
export function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const generator = fork(join(import.meta.dirname, 'generator.ts'));
  return new Promise((resolve, reject) => {
    let outcome: LoadOutcome | undefined;
    generator.once('error', reject);
    generator.once('message', (message) => {
      outcome = message as LoadOutcome;
    });
    generator.once('exit', (code, signal) => {
      if (outcome === undefined) {
        reject(new Error(`The load generator ended early (${signal ?? `exit code ${code}`})`));
      } else if ('error' in outcome) {
        reject(new Error(`The load on ${plan.path} failed: ${outcome.error}`));
      } else {
        resolve(outcome);
      }
    });
    generator.send(plan);
  });
}
