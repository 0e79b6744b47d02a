// Earns that all go to one member, whose row they take turns to lock.
import { anyUserId, earnsInFlight } from '../load/earn-plan.ts';
import type { Row } from '../row.ts';
import { earnContestant, spreadEarns } from './earn-contestants.ts';

const id = 'hot';

export const hotRow: Row = {
  id,
  title: `Earn, unary gRPC, ${earnsInFlight} in flight, all for one member`,
  unit: 'earns',
  isShared: true,
  aims: [{ against: 'earn', atLeast: 0.8 }],
  async prepare(bench) {
    const spread = await spreadEarns(bench);
    const contestants = spread.map(({ ledger }) =>
      earnContestant(bench, ledger, { id, userId: anyUserId }),
    );
    return {
      contestants: await Promise.all(contestants),
      yardsticks: spread.map(({ contestant }) => contestant),
    };
  },
};
