// GetBalance over gRPC, the question that is asked most.
import type { Row } from '../row.ts';
import { emptyService } from '../yardsticks/earn-yardsticks.ts';
import { balanceInFlight, directBalance } from './balance-contestants.ts';

export const balanceRow: Row = {
  id: 'balance',
  title: `GetBalance, unary gRPC, ${balanceInFlight} in flight`,
  unit: 'balances',
  isShared: true,
  aims: [{ against: 'E', atLeast: 0.5 }],
  async prepare(bench) {
    return {
      contestants: await directBalance(bench),
      yardsticks: [await emptyService(bench)],
    };
  },
};
