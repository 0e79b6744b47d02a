// Unary Earn over gRPC, the path that the platform exists for: at saturation, and its latency below.
import type { Bench } from '../bench.ts';
import { earnLoad, earnPlanner, programId, users } from '../load/earn-plan.ts';
import type { Contestant, Row } from '../row.ts';
import { bareService, createNaiveService, emptyService } from '../yardsticks/earn-yardsticks.ts';
import { pgbench } from '../yardsticks/pgbench.ts';
import { earnContestant, type Saturated, spreadEarns } from './earn-contestants.ts';

/** How many calls an open loop may have waiting before it falls behind. */
const inFlightMax = 800;
const sharesOfSaturation = [0.5, 0.8];

export const earnRow: Row = {
  id: 'earn',
  title: earnLoad,
  unit: 'earns',
  isShared: true,
  aims: [
    { against: 'P', atLeast: 1 },
    { against: 'N' },
    { against: 'E' },
    { against: 'E', of: 'serviceCpuPerCallUs', atMost: 1.9 },
    { from: 'E', against: 'B', of: 'serviceCpuPerCallUs', atMost: 2.5 },
    { against: 'E', of: 'serviceAllocatedPerCallBytes' },
    { against: 'P', of: 'postgresCpuPerCallUs', to: 'allCpuPerCallUs', atMost: 0.25 },
    { against: 'P', of: 'statementsPerCall' },
    { against: 'P', of: 'walPerCallBytes' },
  ],
  async prepare(bench) {
    const earns = await spreadEarns(bench);
    const token = await bench.machine.token('service');
    const naive = await createNaiveService(bench.machine, {
      plan: earnPlanner({ contestantId: 'naive', token }),
      programId,
      userIds: users,
    });
    return {
      contestants: [
        ...earns.map(({ contestant }) => contestant),
        ...(await openLoops(bench, earns)),
        naive,
      ],
      yardsticks: [await pgbench(bench), await emptyService(bench), await bareService(bench)],
    };
  },
};

/** Each ledger's latency at shares of what it last took at saturation. */
function openLoops(bench: Bench, earns: readonly Saturated[]): Promise<Contestant[]> {
  const loops = earns.flatMap(({ ledger, lastPerSecond }) =>
    sharesOfSaturation.map((share) => {
      const percent = Math.round(share * 100);
      return earnContestant(bench, ledger, {
        id: `earn-${percent}`,
        title: `${ledger.title}, open loop at ${percent} % of its rate`,
        inFlight: inFlightMax,
        callsPerSecond: () => share * lastPerSecond(),
      });
    }),
  );
  return Promise.all(loops);
}
