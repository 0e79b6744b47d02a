// The ledger under unary earns, which several rows measure and others are compared with.
import type { Bench } from '../bench.ts';
import { earnPlanner } from '../load/earn-plan.ts';
import type { Contestant } from '../row.ts';
import { ledgerContestant, verifyEarns } from './ledger-contestant.ts';
import { type LedgerUnderTest, sharedLedgers } from './ledgers.ts';

interface EarnOptions {
  readonly id: string;
  readonly title?: string;
  /** The member of all earns; any member by default. */
  readonly userId?: string;
  /** How many members earn. */
  readonly members?: number;
  readonly inFlight?: number;
  readonly callsPerSecond?: () => number;
}

export async function earnContestant(
  bench: Bench,
  ledger: LedgerUnderTest,
  { id, title, ...load }: EarnOptions,
): Promise<Contestant> {
  const token = await bench.machine.token('service');
  return ledgerContestant(bench, ledger, {
    id,
    ...(title !== undefined && { title }),
    plan: earnPlanner({ contestantId: id, token, ...load }),
    verify: (acknowledged) => verifyEarns(ledger, { prefix: `${id}:`, acknowledged }),
  });
}

/** A ledger at saturation. */
export interface Saturated {
  readonly ledger: LedgerUnderTest;
  readonly contestant: Contestant;
  /**
   * The earns per second of its last measurement.
   *
   * @throws {Error} before the first
   */
  lastPerSecond(): number;
}

/** The contestants of the row `earn`, with which others are compared. */
export function spreadEarns(bench: Bench): Promise<Saturated[]> {
  return bench.shared('spread earns', async () => {
    const ledgers = await sharedLedgers(bench);
    return Promise.all(
      ledgers.map(async (ledger) => {
        const contestant = await earnContestant(bench, ledger, { id: 'earn' });
        return { ledger, ...remembered(contestant) };
      }),
    );
  });
}

function remembered(contestant: Contestant): Omit<Saturated, 'ledger'> {
  let last: number | undefined;
  return {
    contestant: {
      ...contestant,
      async measure(window) {
        const measurement = await contestant.measure(window);
        last = measurement.perSecond;
        return measurement;
      },
    },
    lastPerSecond() {
      if (last === undefined) throw new Error('The saturation has to be measured first');
      return last;
    },
  };
}
