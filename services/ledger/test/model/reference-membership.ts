import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import type { Answer, Command, Of } from './command.ts';
import {
  type Book,
  type Earn,
  once,
  openBook,
  type ReferenceProgram,
  Refused,
  requireMember,
} from './reference-book.ts';
import { cancelRefund, earn, reverseEarn } from './reference-earns.ts';
import {
  beActive,
  credit,
  expiryOf,
  holdsOf,
  lapse,
  lotFor,
  pass,
  release,
  spendable,
  take,
  total,
} from './reference-points.ts';
import { cancel, capture, quote, redeem, reverse } from './reference-redemptions.ts';

export interface ReferenceMembership {
  /** What the ledger must answer to the command at that time. */
  answer(command: Command, now: number): Answer;
  /** The balance that the member must have then; undefined for who never joined. */
  balance(now: number): Answer | undefined;
}

/**
 * A membership as the specification has it, in the plainest code: numbers in lists, without storage or batches.
 * Whatever is asked, time passes first. It shares the rules with the ledger, and nothing else.
 */
export function createReferenceMembership(
  program: ReferenceProgram,
  userId: string,
): ReferenceMembership {
  const book = openBook(program, userId);
  return {
    answer(command, now) {
      book.now = now;
      pass(book);
      try {
        return decide(book, command);
      } catch (error) {
        if (error instanceof Refused) return error.answer;
        throw error;
      }
    },
    balance(now) {
      book.now = now;
      pass(book);
      return book.state === 'NONE' ? undefined : balanceOf(book);
    },
  };
}

function decide(book: Book, command: Command): Answer {
  switch (command.kind) {
    case 'look':
      return {};
    case 'earn':
      return earn(book, command);
    case 'refund':
      return reverseEarn(book, command);
    case 'cancelRefund':
      return cancelRefund(book, command);
    case 'quote':
      return quote(book, command);
    case 'redeem':
      return redeem(book, command);
    case 'capture':
      return capture(book, command);
    case 'cancel':
      return cancel(book, command);
    case 'reverse':
      return reverse(book, command);
    case 'adjust':
      return adjust(book, command);
    case 'join':
      return join(book);
    default:
      return change(book, command);
  }
}

function join(book: Book): Answer {
  const replayed = book.state !== 'NONE' && book.state !== 'LEFT';
  if (!replayed) {
    book.state = book.suspended ? 'SUSPENDED' : 'ACTIVE';
    book.attributes = {};
  }
  return { state: book.state, replayed };
}

function change(book: Book, command: Of<'suspend' | 'resume' | 'leave' | 'update'>): Answer {
  requireMember(book);
  if (command.kind === 'update') book.attributes = command.attributes;
  else if (command.kind === 'leave') leave(book, command);
  else suspend(book, command.kind === 'suspend');
  return { state: book.state };
}

function suspend(book: Book, suspended: boolean): void {
  const to = suspended ? 'SUSPENDED' : 'ACTIVE';
  if (book.state === 'LEFT') throw new Refused('ILLEGAL_TRANSITION', { from: 'LEFT', to });
  book.suspended = suspended;
  book.state = to;
}

function leave(book: Book, { byMember }: Of<'leave'>): void {
  if (book.state === 'LEFT') return;
  if (byMember && book.suspended) throw new Refused('MEMBERSHIP_SUSPENDED');
  const holds = holdsOf(book);
  if (byMember && holds.length > 0) {
    throw new Refused('ILLEGAL_TRANSITION', { from: book.state, to: 'LEFT' });
  }
  for (const hold of holds) release(book, hold, 'CANCELLED');
  pass(book);
  for (const lot of book.lots) lapse(lot);
  book.state = 'LEFT';
}

function adjust(book: Book, { requestKey, points, allowDeficit }: Of<'adjust'>): Answer {
  requireMember(book);
  const content = [Number(points), allowDeficit];
  const request = { key: `ADJUST ${requestKey}`, content, conflict: 'IDEMPOTENCY_KEY_REUSED' };
  return once(book, request, () => {
    const before = book.deficit;
    const taken = points < 0n ? subtract(book, -Number(points), allowDeficit) : 0;
    if (points > 0n) add(book, Number(points));
    const deficit = book.deficit - before;
    const answer = { available: points > 0n ? Number(points) + deficit : -taken, deficit };
    return () => answer;
  });
}

function add(book: Book, points: number): void {
  const now = new Date(book.now);
  const ruleSet = ruleSetInForce(book.program.ruleSets, now, now) as Earn['ruleSet'];
  const lot = lotFor(book, ruleSet, { occurTime: now, availableTime: null });
  if (lot.class === 'INACTIVITY') beActive(book);
  credit(book, { lot, points });
}

function subtract(book: Book, points: number, allowDeficit: boolean): number {
  const there = spendable(book);
  const missing = Math.max(points - total(there), 0);
  if (missing > 0 && !allowDeficit) throw new Refused('INSUFFICIENT_POINTS', { missing });
  book.deficit += missing;
  return total(take(there, points));
}

function balanceOf(book: Book): Answer {
  const full = book.lots.filter(({ points }) => points > 0);
  const next = Math.min(...full.map((lot) => expiryOf(book, lot)));
  return {
    state: book.state,
    available: total(spendable(book)),
    pending: total(full.filter(({ matured }) => !matured)),
    reserved: total(holdsOf(book)),
    deficit: book.deficit,
    lifetimeEarned: book.lifetime.earned,
    lifetimeRedeemed: book.lifetime.redeemed,
    lifetimeExpired: book.lifetime.expired,
    nextExpiryTime: Number.isFinite(next) ? new Date(next).toISOString() : undefined,
    nextExpiryPoints: Number.isFinite(next)
      ? total(full.filter((lot) => expiryOf(book, lot) === next))
      : undefined,
  };
}
