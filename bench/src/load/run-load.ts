import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { FrameTemplate } from './frame-template.ts';
import type { NatsConnectionOptions } from './nats-connection.ts';

/** The server that gets the requests, and their form. */
export type Target =
  | {
      readonly protocol: 'grpc';
      /** `host:port` */
      readonly address: string;
      /** `/package.Service/Method` */
      readonly path: string;
      readonly token: string;
    }
  | { readonly protocol: 'http'; readonly address: string }
  | ({ readonly protocol: 'nats' } & NatsConnectionOptions);

/** A load of requests that differ only in digits. */
export interface LoadPlan {
  readonly target: Target;
  readonly template: FrameTemplate;
  /** The number of calls that are always in progress, spread over a few connections. In an open loop it is the maximum. */
  readonly inFlight: number;
  /**
   * Makes the loop an open one: calls are sent at this rate whether or not earlier ones have their responses, and their
   * latency counts from the time at which they were meant to be sent.
   */
  readonly callsPerSecond?: number;
  /** How many of what is counted a call carries: 1, or the length of a batch. */
  readonly itemsPerCall: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  /** Items of calls that succeeded within the measured time. */
  readonly perSecond: number;
  /** The latency of calls. */
  readonly latencyMs: {
    readonly p50: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
  /** Items of all calls that succeeded, including the warm-up and calls still in progress at the end. */
  readonly acknowledged: number;
  /** Items of calls that succeeded between the two marks. */
  readonly marked: number;
  /** What went wrong, and how often. */
  readonly failures: Readonly<Record<string, number>>;
  /** What the generator used between the two marks. */
  readonly cpuSeconds: number;
}

/** What the generator's process sends: a mark at the begin and the end of the measured time, then how it went. */
export type GeneratorMessage =
  | { readonly mark: 'begin' | 'end' }
  | { readonly result: LoadResult }
  | { readonly error: string };

/**
 * Runs the plan in a process of its own, and calls `begin` and `end` at the borders of the measured time.
 *
 * @throws {Error} when the server went away, the process did, or `begin` or `end` failed
 */
export async function runLoad(
  plan: LoadPlan,
  marks: { begin: () => Promise<void>; end: () => Promise<void> },
): Promise<LoadResult> {
  const generator = fork(join(import.meta.dirname, 'generator.ts'));
  let marked = Promise.resolve();
  const result = new Promise<LoadResult>((resolve, reject) => {
    let outcome: LoadResult | { error: string } | undefined;
    generator.once('error', reject);
    generator.on('message', (message: GeneratorMessage) => {
      if ('mark' in message) {
        marked = marked.then(marks[message.mark]);
        // It is awaited below, and must not end the process before.
        marked.catch(() => undefined);
      } else {
        outcome = 'result' in message ? message.result : message;
      }
    });
    generator.once('exit', (code, signal) => {
      if (outcome === undefined) {
        reject(new Error(`The load generator ended early (${signal ?? `exit code ${code}`})`));
      } else if ('error' in outcome) {
        reject(new Error(`The load on ${plan.target.address} failed: ${outcome.error}`));
      } else {
        resolve(outcome);
      }
    });
  });
  generator.send(plan);
  const done = await result;
  await marked;
  return done;
}
