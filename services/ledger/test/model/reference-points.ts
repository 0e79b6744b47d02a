import type { CompiledRuleSet } from '@loyalty/rules/compile-rule-set.ts';
import { expireTime, inactivityDate } from '@loyalty/rules/point-dates.ts';
import type { Book, Lot, Piece, Redemption } from './reference-book.ts';

const never = Number.POSITIVE_INFINITY;
const always = Number.NEGATIVE_INFINITY;

/** Lets time pass: whatever it brings about happens at its own instant. Maturity, the end of holds, then expiry. */
export function pass(book: Book): void {
  const full = book.lots.filter(({ points }) => points > 0);
  const due = Math.min(
    ...full.map((lot) => Math.min(expiryOf(book, lot), lot.matured ? never : lot.availableAt)),
    ...holdsOf(book).map(({ until }) => until),
  );
  if (due > book.now) return;
  const maturing = full.filter(({ matured, availableAt }) => !matured && availableAt <= due);
  give(book, take(piecesOf(maturing), never));
  for (const hold of holdsOf(book)) if (hold.until <= due) release(book, hold, 'EXPIRED');
  for (const lot of book.lots) {
    if (expiryOf(book, lot) <= due) book.lifetime.expired += lapse(lot);
  }
  pass(book);
}

/** Points become available: first they pay what is owed, those that would be spent first before the others. */
export function give(book: Book, pieces: readonly Piece[]): void {
  for (const { lot, points } of inOrder(book, pieces)) {
    const paid = Math.min(points, book.deficit);
    book.deficit -= paid;
    lot.points += points - paid;
    lot.matured = true;
  }
}

/** New points: pending ones just lie in their lot. */
export function credit(book: Book, { lot, points }: Piece): void {
  if (lot.availableAt > book.now) lot.points += points;
  else give(book, [{ lot, points }]);
  pass(book);
}

/** Takes so many points, or as many as there are. */
export function take(from: readonly Piece[], points: number): Piece[] {
  const [taken] = split(from, points);
  for (const piece of taken) piece.lot.points -= piece.points;
  return taken;
}

/** The points are gone, unspent. */
export function lapse(lot: Lot): number {
  lot.lapsed += lot.points;
  return total(take(piecesOf([lot]), never));
}

export function release(book: Book, hold: Redemption, state: 'CANCELLED' | 'EXPIRED'): void {
  hold.state = state;
  give(book, hold.pieces);
}

export function holdsOf({ redemptions }: Book): Redemption[] {
  return [...redemptions.values()].filter(({ state }) => state === 'RESERVED');
}

/** What can be spent, in the order in which it is. */
export function spendable(book: Book): Piece[] {
  return inOrder(book, piecesOf(book.lots.filter(({ matured }) => matured)));
}

export function inOrder(book: Book, pieces: readonly Piece[]): Piece[] {
  const ascending = (a: number | string, b: number | string) => (a === b ? 0 : a < b ? -1 : 1);
  return pieces.toSorted(
    ({ lot: a }, { lot: b }) =>
      ascending(expiryOf(book, a), expiryOf(book, b)) ||
      ascending(a.availableAt, b.availableAt) ||
      ascending(a.class, b.class),
  );
}

export function expiryOf({ idleAt }: Book, lot: Lot): number {
  return lot.class === 'INACTIVITY' ? idleAt : lot.expiresAt;
}

export function piecesOf(lots: readonly Lot[]): Piece[] {
  return lots.map((lot) => ({ lot, points: lot.points }));
}

export function total(pieces: readonly { readonly points: number }[]): number {
  return pieces.reduce((sum, { points }) => sum + points, 0);
}

/** The first so many points, and the rest. */
export function split(pieces: readonly Piece[], points: number): [first: Piece[], rest: Piece[]] {
  const first: Piece[] = [];
  const rest: Piece[] = [];
  let missing = points;
  for (const { lot, points: there } of pieces) {
    const taken = Math.min(there, missing);
    missing -= taken;
    first.push({ lot, points: taken });
    rest.push({ lot, points: there - taken });
  }
  return [first, rest];
}

export function lotWith(
  { lots }: Book,
  key: Pick<Lot, 'availableAt' | 'expiresAt' | 'class'>,
): Lot {
  const found = lots.find(
    ({ availableAt, expiresAt, class: lotClass }) =>
      availableAt === key.availableAt && expiresAt === key.expiresAt && lotClass === key.class,
  );
  const lot = found ?? { ...key, points: 0, matured: false, lapsed: 0 };
  if (found === undefined) lots.push(lot);
  return lot;
}

/** The lot of points that become available then; null is at once. */
export function lotFor(
  book: Book,
  ruleSet: CompiledRuleSet,
  { occurTime, availableTime }: { occurTime: Date; availableTime: Date | null },
): Lot {
  const expires = expireTime(ruleSet, { availableTime, occurTime });
  const availableAt = availableTime?.getTime() ?? always;
  if (expires === 'INACTIVITY') {
    return lotWith(book, { availableAt, expiresAt: never, class: expires });
  }
  const expiresAt = expires === 'NEVER' ? never : expires.getTime();
  return lotWith(book, { availableAt, expiresAt, class: 'NORMAL' });
}

/** Moves the date of inactivity forward, by the newest policy so far that has one. */
export function beActive(book: Book): void {
  const now = new Date(book.now);
  const moved = book.program.ruleSets
    .filter(({ effectiveTime }) => effectiveTime !== undefined && effectiveTime <= now)
    .flatMap((ruleSet) => inactivityDate(ruleSet, now) ?? [])
    .at(-1);
  if (moved === undefined) return;
  book.idleAt = Math.max(book.idleAt === never ? always : book.idleAt, moved.getTime());
}
