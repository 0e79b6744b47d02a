import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import type { CapUsage } from '@loyalty/rules/evaluate.ts';
import type { MemberFacts, Transaction } from '@loyalty/rules/language.ts';
import type { Remaining } from '@loyalty/rules/remaining-transaction.ts';
import type { CompiledReward } from '@loyalty/rules/reward-availability.ts';
import type { ZoneClock } from '@loyalty/rules/zone-clock.ts';
import { type Answer, type Of, textOf } from './command.ts';

/** What the reference model knows of a program. */
export interface ReferenceProgram {
  readonly ruleSets: readonly CompiledRuleSet[];
  readonly rewards: ReadonlyMap<string, CompiledReward>;
  readonly clock: ZoneClock;
  readonly autoEnrollment: boolean;
}

export interface Lot {
  readonly availableAt: number;
  readonly expiresAt: number;
  readonly class: 'GRACE' | 'INACTIVITY' | 'NORMAL';
  points: number;
  matured: boolean;
  /** Expired or forfeited, and not yet counted by a refund. */
  lapsed: number;
}

/** Points that are in a lot, come from it or go to it. */
export interface Piece {
  readonly lot: Lot;
  readonly points: number;
}

export interface Earn {
  readonly transaction: Transaction;
  readonly ruleSet: CompiledRuleSet;
  readonly facts: MemberFacts;
  readonly postTime: number;
  readonly capUsedBefore: ReadonlyMap<string, number>;
  readonly lot: Lot;
  points: number;
  reversed: number;
  left: Remaining;
  /** What its rules count against their caps. */
  counted: readonly CapUsage[];
}

export interface Refund {
  readonly command: Of<'refund'>;
  state: 'WAITING' | 'APPLIED' | 'REJECTED' | 'CANCELLED';
  numbers: Answer;
}

export interface Redemption {
  readonly command: Of<'redeem'>;
  /** What was asked for; `units` and `points` are less once a part was captured. */
  readonly asked: { readonly units: number; readonly points: number };
  /** The start of the period in which it counts against the member's limit. */
  readonly period: number;
  readonly until: number;
  state: 'RESERVED' | 'CAPTURED' | 'CANCELLED' | 'EXPIRED' | 'REVERSED' | 'REJECTED';
  units: number;
  points: number;
  reversed: number;
  /** In minor units, of a conversion. */
  value: number | undefined;
  /** What it holds or has spent, and has not given back. */
  pieces: Piece[];
}

/** All that is known of a member, in the simplest lists. */
export interface Book {
  readonly program: ReferenceProgram;
  readonly userId: string;
  readonly lots: Lot[];
  readonly earns: Map<string, Earn>;
  readonly refunds: Refund[];
  readonly redemptions: Map<string, Redemption>;
  readonly answered: Map<string, { content: string; answer: () => Answer }>;
  readonly capUsed: Map<string, number>;
  readonly lifetime: { earned: number; redeemed: number; expired: number };
  state: 'NONE' | 'ACTIVE' | 'SUSPENDED' | 'LEFT';
  suspended: boolean;
  attributes: Readonly<Record<string, string>>;
  deficit: number;
  /** When points expire by inactivity. */
  idleAt: number;
  now: number;
}

export function openBook(program: ReferenceProgram, userId: string): Book {
  return {
    program,
    userId,
    lots: [],
    earns: new Map(),
    refunds: [],
    redemptions: new Map(),
    answered: new Map(),
    capUsed: new Map(),
    lifetime: { earned: 0, redeemed: 0, expired: 0 },
    state: 'NONE',
    suspended: false,
    attributes: {},
    deficit: 0,
    idleAt: Number.POSITIVE_INFINITY,
    now: 0,
  };
}

/** Thrown when a command is refused. */
export class Refused extends Error {
  readonly answer: Answer;

  constructor(reason: string, numbers: Answer = {}) {
    super(reason);
    this.answer = { error: reason, ...numbers };
  }
}

export function requireMember(book: Book): void {
  if (book.state === 'NONE') throw new Refused('MEMBERSHIP_NOT_FOUND');
}

export function requireActive(book: Book): void {
  requireMember(book);
  if (book.state !== 'ACTIVE') throw new Refused(`MEMBERSHIP_${book.state}`);
}

export function factsOf({ userId, attributes, lifetime }: Book): MemberFacts {
  return {
    userId,
    attributes,
    joinTime: new Date(0),
    lifetimeEarned: BigInt(lifetime.earned),
  };
}

/** The first answer to a key or, when it comes again with the same content, the present one. */
export function once(
  book: Book,
  { key, content, conflict }: { key: string; content: unknown; conflict: string },
  first: () => () => Answer,
): Answer {
  const known = book.answered.get(key);
  if (known !== undefined && known.content !== textOf(content)) throw new Refused(conflict);
  const answer = known?.answer ?? first();
  book.answered.set(key, { content: textOf(content), answer });
  const told = answer();
  return 'error' in told ? told : { ...told, replayed: known !== undefined };
}
