// The load generator, a separate process: it runs the one plan that its parent sends, sends back the result, and exits.
import { percentiles } from '../statistics.ts';
import { frameWriter } from './frame-template.ts';
import { type GrpcConnection, openConnection } from './grpc-connection.ts';
import type { LoadOutcome, LoadPlan, LoadResult } from './run-load.ts';

// Below the number of streams that a server takes on one connection.
const callsPerConnectionMax = 50;

process.once('message', (plan: LoadPlan) => void answer(plan));
// Also when the parent has ended.
process.once('disconnect', () => process.exit());

async function answer(plan: LoadPlan): Promise<void> {
  const outcome: LoadOutcome = await generateLoad(plan).catch((error: Error) => ({
    error: error.message,
  }));
  process.send?.(outcome);
  process.disconnect();
}

async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const nextFrame = frameWriter(plan.template);
  const connections = await Promise.all(
    Array.from({ length: Math.ceil(plan.inFlight / callsPerConnectionMax) }, () =>
      openConnection(plan),
    ),
  );
  const latenciesMs: number[] = [];
  const failures: Record<string, number> = {};
  let acknowledged = 0;
  const begin = performance.now() + plan.warmUpMs;
  const end = begin + plan.measureMs;

  // Sends the next call as soon as the previous one has its response, until the time is up.
  async function callInTurn(connection: GrpcConnection): Promise<void> {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const failure = await connection.call(nextFrame());
      if (failure !== undefined) {
        failures[failure] = (failures[failure] ?? 0) + 1;
        continue;
      }
      acknowledged += plan.itemsPerCall;
      const answered = performance.now();
      if (answered >= begin && answered < end) latenciesMs.push(answered - sent);
    }
  }

  const turns = Array.from({ length: plan.inFlight }, (_, index) =>
    callInTurn(connections[index % connections.length] as GrpcConnection),
  );
  await Promise.all(turns);
  for (const connection of connections) connection.close();
  if (latenciesMs.length === 0) {
    throw new Error(`No call succeeded: ${JSON.stringify(failures)}`);
  }
  const { user, system } = process.cpuUsage();
  return {
    perSecond: (latenciesMs.length * plan.itemsPerCall) / (plan.measureMs / 1000),
    latencyMs: percentiles(latenciesMs, { p50: 0.5, p99: 0.99, max: 1 }),
    acknowledged,
    failures,
    cpuSeconds: (user + system) / 1e6,
  };
}
