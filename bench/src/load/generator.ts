// The load generator, a separate process: it runs the one plan that its parent sends, sends back the result, and exits.
import { setTimeout as delay } from 'node:timers/promises';
import { percentiles } from '../statistics.ts';
import type { Connection } from './connection.ts';
import { frameWriter } from './frame-template.ts';
import { openGrpcConnection } from './grpc-connection.ts';
import { openHttpConnection } from './http-connection.ts';
import { openNatsConnection } from './nats-connection.ts';
import type { GeneratorMessage, LoadPlan, LoadResult, Target } from './run-load.ts';

/** Below the number of streams that a server takes on one connection; HTTP/1.1 has one request at a time, NATS no limit. */
const callsPerConnectionMax = { grpc: 50, http: 1, nats: 10_000 } as const;

/** How long the last calls may take. */
const patienceMs = 30_000;

process.once('message', (plan: LoadPlan) => void report(plan));
// Also when the parent has ended.
process.once('disconnect', () => process.exit());

async function report(plan: LoadPlan): Promise<void> {
  const outcome: GeneratorMessage = await generateLoad(plan).then(
    (result) => ({ result }),
    (error: Error) => ({ error: error.message }),
  );
  send(outcome);
  process.disconnect();
}

function send(message: GeneratorMessage): void {
  process.send?.(message);
}

async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const nextFrame = frameWriter(plan.template);
  const perConnection = callsPerConnectionMax[plan.target.protocol];
  const connections = await Promise.all(
    Array.from({ length: Math.ceil(plan.inFlight / perConnection) }, () => open(plan.target)),
  );
  const latenciesMs: number[] = [];
  const failures: Record<string, number> = {};
  let acknowledged = 0;
  const start = performance.now();
  const begin = start + plan.warmUpMs;
  const end = begin + plan.measureMs;
  const nextSendTime = sendTimes(plan, start);
  const marks = markWindow(plan, () => acknowledged);

  // Sends the next call as soon as the previous one has its response, and it is time for it, until the time is up.
  async function callInTurn(connection: Connection): Promise<void> {
    for (let due = nextSendTime(); due < end; due = nextSendTime()) {
      const early = due - performance.now();
      if (early > 0) await delay(early);
      const failure = await connection.call(nextFrame());
      if (failure !== undefined) {
        failures[failure] = (failures[failure] ?? 0) + 1;
        continue;
      }
      acknowledged += plan.itemsPerCall;
      const respondedAt = performance.now();
      if (respondedAt >= begin && respondedAt < end) latenciesMs.push(respondedAt - due);
    }
  }

  const turns = Array.from({ length: plan.inFlight }, (_, index) =>
    callInTurn(connections[index % connections.length] as Connection),
  );
  await withinPatience(Promise.all(turns), end);
  for (const connection of connections) connection.close();
  if (latenciesMs.length === 0) {
    throw new Error(`No call succeeded: ${JSON.stringify(failures)}`);
  }
  return {
    perSecond: (latenciesMs.length * plan.itemsPerCall) / (plan.measureMs / 1000),
    latencyMs: percentiles(latenciesMs, { p50: 0.5, p99: 0.99, p999: 0.999, max: 1 }),
    acknowledged,
    failures,
    ...(await marks),
  };
}

function open(target: Target): Promise<Connection> {
  switch (target.protocol) {
    case 'grpc':
      return openGrpcConnection(target);
    case 'http':
      return openHttpConnection(target.address);
    case 'nats':
      return openNatsConnection(target);
  }
}

/** When the next call is meant to be sent: at once in a closed loop, evenly spread in an open one. */
function sendTimes({ callsPerSecond }: LoadPlan, start: number): () => number {
  if (callsPerSecond === undefined) return () => performance.now();
  let sent = 0;
  return () => start + (1000 * sent++) / callsPerSecond;
}

/** Sends the two marks, and takes what came between them. */
async function markWindow(
  { warmUpMs, measureMs }: LoadPlan,
  acknowledged: () => number,
): Promise<Pick<LoadResult, 'marked' | 'cpuSeconds'>> {
  await delay(warmUpMs);
  send({ mark: 'begin' });
  const before = acknowledged();
  const cpu = process.cpuUsage();
  await delay(measureMs);
  send({ mark: 'end' });
  const { user, system } = process.cpuUsage(cpu);
  return { marked: acknowledged() - before, cpuSeconds: (user + system) / 1e6 };
}

async function withinPatience(work: Promise<unknown>, end: number): Promise<void> {
  const late = delay(end - performance.now() + patienceMs, 'late', { ref: false });
  if ((await Promise.race([work, late])) === 'late') {
    throw new Error(`Some calls had no response ${patienceMs} ms after the end`);
  }
}
