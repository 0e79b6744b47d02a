import { evaluate } from '@loyalty/rules/evaluate.ts';
import { differingFields } from '@loyalty/rules/fingerprint.ts';
import type { PeriodStart } from '@loyalty/rules/limit-period.ts';
import { occurTimeOf } from '@loyalty/rules/occur-time.ts';
import { availableTime } from '@loyalty/rules/point-dates.ts';
import {
  afterRefund,
  type Remaining,
  wholeTransaction,
} from '@loyalty/rules/remaining-transaction.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import type { Answer, Of } from './command.ts';
import {
  type Book,
  type Earn,
  factsOf,
  once,
  type Refund,
  Refused,
  requireActive,
} from './reference-book.ts';
import {
  beActive,
  credit,
  lotFor,
  pass,
  piecesOf,
  spendable,
  take,
  total,
} from './reference-points.ts';

export function earn(book: Book, { transaction, byAnother }: Of<'earn'>): Answer {
  const { transactionId } = transaction;
  const known = book.earns.get(transactionId);
  if (known !== undefined) {
    const first = { userId: byAnother ? '' : book.userId, transaction: known.transaction };
    const fields = differingFields(first, { userId: book.userId, transaction });
    if (fields.length > 0) throw new Refused('TRANSACTION_CONFLICT', { fields: fields.join() });
  }
  return once(book, { key: `EARN ${transactionId}`, content: '', conflict: '' }, () => {
    if (book.state === 'NONE' && book.program.autoEnrollment) book.state = 'ACTIVE';
    requireActive(book);
    const made = post(book, transaction);
    for (const refund of book.refunds) {
      if (refund.state !== 'WAITING' || refund.command.transactionId !== transactionId) continue;
      try {
        apply(book, refund, made);
      } catch {
        refund.state = 'REJECTED';
      }
    }
    return () => ({
      state: made.left.nothing ? 'REVERSED' : 'POSTED',
      points: made.points,
      reversed: made.reversed,
    });
  });
}

function post(book: Book, transaction: Earn['transaction']): Earn {
  const occurTime = occurTimeOf(transaction) as Date;
  const now = new Date(book.now);
  const ruleSet = ruleSetInForce(book.program.ruleSets, occurTime, now) as Earn['ruleSet'];
  const whole = wholeTransaction(transaction);
  const made: Earn = {
    transaction,
    ruleSet,
    facts: factsOf(book),
    postTime: book.now,
    capUsedBefore: new Map(book.capUsed),
    lot: lotFor(book, ruleSet, { occurTime, availableTime: availableTime(ruleSet, occurTime) }),
    points: 0,
    reversed: 0,
    left: whole,
    counted: [],
  };
  book.earns.set(transaction.transactionId, made);
  made.points = award(book, made, whole);
  book.lifetime.earned += made.points;
  beActive(book);
  credit(book, made);
  return made;
}

/** Evaluates an earn on what is left of its transaction; what its rules give now counts against their caps. */
function award(book: Book, made: Earn, left: Remaining): number {
  const { points, capUsage } = evaluate(made.ruleSet, {
    transaction: made.transaction,
    member: made.facts,
    now: new Date(made.postTime),
    capUsed: (ruleId, _, start) => BigInt(made.capUsedBefore.get(capKey(ruleId, start)) ?? 0),
    remaining: left,
  });
  for (const used of made.counted) countCap(book, used, -1);
  for (const used of capUsage) countCap(book, used, 1);
  made.counted = capUsage;
  made.left = left;
  return Number(points);
}

function countCap({ capUsed }: Book, used: Earn['counted'][number], sign: 1 | -1): void {
  const key = capKey(used.ruleId, used.periodStart);
  capUsed.set(key, (capUsed.get(key) ?? 0) + sign * Number(used.points));
}

function capKey(ruleId: string, start: PeriodStart): string {
  return `${ruleId} ${Number(start)}`;
}

export function reverseEarn(book: Book, command: Of<'refund'>): Answer {
  const { transactionId, refundId, extent } = command;
  const key = `REFUND ${transactionId} ${refundId}`;
  return once(book, { key, content: extent, conflict: 'REFUND_CONFLICT' }, () => {
    const numbers = { points: 0, taken: 0, lapsed: 0, owed: 0, forgiven: 0 };
    const refund: Refund = { command, state: 'WAITING', numbers };
    const made = book.earns.get(transactionId);
    if (made !== undefined) apply(book, refund, made);
    book.refunds.push(refund);
    return () => ({ state: refund.state, ...refund.numbers });
  });
}

function apply(book: Book, refund: Refund, made: Earn): void {
  const left = afterRefund(made.transaction, made.left, refund.command.extent);
  if ('fault' in left) {
    const exceeds = left.fault === 'EXCEEDS_TRANSACTION';
    throw new Refused(exceeds ? 'REFUND_EXCEEDS_TRANSACTION' : 'VALIDATION_FAILED');
  }
  const before = made.points - made.reversed;
  const points = before - Math.min(before, award(book, made, left));
  const lapsed = Math.min(points, made.lot.lapsed);
  const others = spendable(book).filter(({ lot }) => lot !== made.lot);
  const taken = total(take([...piecesOf([made.lot]), ...others], points - lapsed));
  const missing = points - lapsed - taken;
  const owed = made.ruleSet.refund.shortfall === 'DEFICIT' ? missing : 0;
  made.lot.lapsed -= lapsed;
  made.reversed += points;
  book.lifetime.earned -= points;
  book.deficit += owed;
  refund.state = 'APPLIED';
  refund.numbers = { points, taken, lapsed, owed, forgiven: missing - owed };
  pass(book);
}

export function cancelRefund(book: Book, named: Of<'cancelRefund'>): Answer {
  const refund = book.refunds.find(
    ({ command }) =>
      command.transactionId === named.transactionId && command.refundId === named.refundId,
  );
  if (refund === undefined) throw new Refused('REFUND_NOT_FOUND');
  if (refund.state !== 'WAITING' && refund.state !== 'CANCELLED') {
    throw new Refused('ILLEGAL_TRANSITION', { from: refund.state, to: 'CANCELLED' });
  }
  refund.state = 'CANCELLED';
  return { state: refund.state };
}
