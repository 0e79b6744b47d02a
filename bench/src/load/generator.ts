// The load generator, a process of its own: runs the one plan that its parent sends, answers with the result, ends.
import { percentiles } from '../statistics.ts';
import { frameWriter } from './frame-template.ts';
import { openConnection } from './grpc-connection.ts';
import type { LoadPlan, LoadResult } from './run-load.ts';

// Below the number of streams that a server takes on one connection.
const callsPerConnectionMax = 50;

process.once('message', (plan: LoadPlan) => {
  void generateLoad(plan).then((result) => {
    process.send?.(result);
    process.disconnect();
  });
});
// Also when the parent is gone.
process.once('disconnect', () => process.exit());

async function generateLoad(plan: LoadPlan): Promise<LoadResult> {
  const nextFrame = frameWriter(plan.template);
  const connections = await Promise.all(
    Array.from({ length: Math.ceil(plan.inFlight / callsPerConnectionMax) }, () =>
      openConnection(plan),
    ),
  );
  const latenciesMs: number[] = [];
  const failures: Record<string, number> = {};
  const begin = performance.now() + plan.warmUpMs;
  const end = begin + plan.measureMs;
  let acknowledged = 0;

  // Each sends its next call as soon as the one before is answered, until the time is over.
  const drained = Array.from({ length: plan.inFlight }, (_, index) => {
    const connection = connections[index % connections.length];
    return new Promise<void>((resolve) => {
      const next = () => {
        const sent = performance.now();
        if (sent >= end) {
          resolve();
          return;
        }
        connection?.call(nextFrame(), (failure) => {
          const answered = performance.now();
          if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
          else acknowledged += 1;
          const isMeasured = answered >= begin && answered < end;
          if (isMeasured && failure === undefined) latenciesMs.push(answered - sent);
          next();
        });
      };
      next();
    });
  });
  await Promise.all(drained);
  for (const connection of connections) connection.close();
  if (latenciesMs.length === 0) {
    throw new Error(`No call was answered with success: ${JSON.stringify(failures)}`);
  }
  const { user, system } = process.cpuUsage();
  return {
    perSecond: latenciesMs.length / (plan.measureMs / 1000),
    latencyMs: percentiles(latenciesMs, { p50: 0.5, p99: 0.99, max: 1 }),
    acknowledged,
    failures,
    cpuSeconds: (user + system) / 1e6,
  };
}
