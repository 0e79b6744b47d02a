import type { Turn } from './story.ts';

/** What came of a command, in the words in which coverage is counted: "redeem OUT_OF_STOCK", "capture CAPTURED again". */
export function outcomesOf({ command, expected, balance }: Turn): string[] {
  const { kind } = command;
  const { error, replayed, state = 'DONE' } = expected;
  if (error !== undefined) return [`${kind} ${error}`];
  if (kind === 'quote') {
    const reasons = String(expected['reasons'] || 'AFFORDABLE');
    return reasons.split(',').map((reason) => `${kind} ${reason}`);
  }
  const what = kind === 'adjust' ? adjustment(expected) : state;
  if (replayed === true) return [`${kind} ${what} again`];
  if (kind === 'leave' && String(expected['released']).includes(',')) return ['leave ending holds'];
  const movesPoints = ['adjust', 'refund', 'reverse'].includes(kind);
  const hasLeft = movesPoints && balance?.['state'] === 'LEFT';
  return [`${kind} ${what}${hasLeft ? ' of one who left' : ''}`];
}

function adjustment({ available, pending, deficit }: Turn['expected']): string {
  if (Number(pending) > 0) return 'PENDING';
  if (Number(deficit) !== 0) return Number(deficit) > 0 ? 'OWED' : 'PAID';
  return Number(available) > 0 ? 'GIVEN' : 'TAKEN';
}
