import type { Stage } from './stage.ts';

/** Does the work, and returns the CPU time that PostgreSQL took; undefined on a system that doesn't report it. */
export async function withPostgresCost<Result>(
  stage: Stage,
  work: () => Promise<Result>,
  callsOf: (result: Result) => number,
): Promise<{ result: Result; cost: Readonly<Record<string, number>> }> {
  const before = await stage.postgresSeconds();
  const result = await work();
  const after = await stage.postgresSeconds();
  if (before === undefined || after === undefined) return { result, cost: {} };
  const postgresCpuPerCallUs = ((after - before) * 1e6) / callsOf(result);
  return { result, cost: { postgresCpuPerCallUs: Math.round(postgresCpuPerCallUs * 10) / 10 } };
}
