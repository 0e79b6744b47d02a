import { combined, type Meter, perCall, type Readings } from '../machine/meters.ts';
import type { Measurement } from '../row.ts';
import { type LoadPlan, runLoad } from './run-load.ts';

/** A measurement, and how many items were acknowledged in all, those of the warm-up too. A cost per call is one per item. */
export interface LoadMeasurement extends Measurement {
  readonly acknowledged: number;
}

/**
 * Runs a load, and reads the meters at the borders of its measured time.
 *
 * @throws {Error} when a call failed: a service under test has no excuse
 */
export async function measureLoad(
  plan: LoadPlan,
  meters: readonly Meter[],
): Promise<LoadMeasurement> {
  const begin = combined(meters);
  let finish: (() => Promise<Readings>) | undefined;
  let readings: Readings = {};
  const result = await runLoad(plan, {
    async begin() {
      finish = await begin();
    },
    async end() {
      readings = (await finish?.()) ?? {};
    },
  });
  const { perSecond, latencyMs, acknowledged, marked, failures, cpuSeconds } = result;
  if (Object.keys(failures).length > 0) {
    throw new Error(`Calls of ${plan.target.address} failed: ${JSON.stringify(failures)}`);
  }
  return {
    perSecond,
    latencyMs,
    acknowledged,
    details: perCall({ ...readings, clientCpuUs: cpuSeconds * 1e6 }, marked),
  };
}
