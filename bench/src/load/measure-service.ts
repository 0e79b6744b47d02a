import type { ChildService } from '../machine/child-service.ts';
import { withPostgresCost } from '../machine/postgres-cost.ts';
import type { Stage } from '../machine/stage.ts';
import type { Measurement } from '../row.ts';
import { type LoadPlan, runLoad } from './run-load.ts';

/** A measurement, and how many items the service acknowledged for it, the warm-up's too. A cost per call is one per item. */
export interface ServiceMeasurement extends Measurement {
  readonly acknowledged: number;
}

/**
 * Puts the load on a service and looks at what that costs its process, and PostgreSQL.
 *
 * @throws {Error} when a call failed: a service under test has no excuse
 */
export async function measureService(
  { stage, service }: { stage: Stage; service: ChildService },
  plan: Omit<LoadPlan, 'address'>,
): Promise<ServiceMeasurement> {
  const before = await service.usage();
  const { result, cost } = await withPostgresCost(
    stage,
    () => runLoad({ ...plan, address: service.address }),
    ({ acknowledged }) => acknowledged,
  );
  const { perSecond, latencyMs, acknowledged, failures, cpuSeconds } = result;
  const after = await service.usage();
  if (Object.keys(failures).length > 0) {
    throw new Error(`Calls of ${plan.path} failed: ${JSON.stringify(failures)}`);
  }
  const perCallUs = (seconds: number) => round((seconds * 1e6) / acknowledged);
  return {
    perSecond,
    latencyMs,
    acknowledged,
    details: {
      serviceCpuPerCallUs: perCallUs(after.cpuSeconds - before.cpuSeconds),
      ...cost,
      serviceResidentMiB: round(after.residentBytes / 2 ** 20),
      generatorCpuPerCallUs: perCallUs(cpuSeconds),
    },
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
