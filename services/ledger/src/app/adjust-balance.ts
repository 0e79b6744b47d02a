import type { Author } from '@loyalty/rules/author.ts';
import { fingerprintOf, sameFingerprint } from '@loyalty/rules/fingerprint.ts';
import { beginningOfTime, endOfTime, type Instant } from '@loyalty/rules/instant.ts';
import { expireTime } from '@loyalty/rules/point-dates.ts';
import { ruleSetInForce } from '@loyalty/rules/rule-set-in-force.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { addByHand, takeByHand } from '../domain/adjust.ts';
import { type Balance, balanceAt } from '../domain/balance.ts';
import { join } from '../domain/join.ts';
import { type Account, type Entry, pointsOf } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import type { App } from './app.ts';
import { inactivityFrom, lotExpiring } from './evaluation.ts';
import { refuseJoinAhead, requireActive } from './join-program.ts';
import type { Command, LockedState, MemberName, RequestRecord } from './ledger-store.ts';
import { lineAfter, lockedAccount, repeatedRequest } from './locked-account.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { requireUnarchived } from './require-unarchived.ts';

export interface AdjustBalanceInput extends MemberName {
  readonly idempotencyKey: string;
  /** Points to add, or to take if negative. */
  readonly points: bigint;
  /** The reason, which only operators read. */
  readonly reason: string;
  /** The text that the member reads, if there is one. */
  readonly note?: string | undefined;
  readonly allowDeficit: boolean;
  /** When points that are added can be spent: at once where undefined or past. */
  readonly availableTime?: Instant | undefined;
  /** When they expire: by the program's policy if undefined, at once if past. */
  readonly expireTime?: Instant | undefined;
  /** Makes a user a member who never was one. Undefined refuses them. */
  readonly joining?: { /** Undefined for now. */ readonly joinTime: Instant | undefined };
}

export interface AdjustBalanceResult {
  readonly entry: Entry;
  readonly balance: Balance;
  readonly replayed: boolean;
}

/**
 * Corrects a balance by hand, once for each idempotency key. Points that are added can be spent at once and live as long
 * as points earned now, unless the request has dates for them.
 *
 * @throws {ValidationFailed} for dates of points that are taken, or that would be gone before they can be spent, by their
 * own date or by inactivity, and for a user who would join in the future
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link ProgramNotActive} when it is archived, or not active and the
 * user would join
 * {@link MembershipNotFound} {@link MembershipLeft} {@link InsufficientPoints} {@link IdempotencyKeyReused}
 * {@link LimitExceeded}, and what {@link App.queue} throws
 */
export async function adjustBalance(
  app: App,
  input: AdjustBalanceInput,
  author: Author,
): Promise<AdjustBalanceResult> {
  return await adjustmentsOf(app, input.programId, author)(input);
}

/**
 * Makes the corrections of one request, each as {@link adjustBalance} does: the program is asked for once, and those of a member
 * are decided in the order of the calls.
 */
export function adjustmentsOf(
  app: App,
  programId: string,
  author: Author,
): (input: Omit<AdjustBalanceInput, 'programId'>) => Promise<AdjustBalanceResult> {
  let latest: Promise<ProgramDefinition> | undefined;
  return async (correction) => {
    const input = { ...correction, programId };
    checkDates(input);
    latest ??= app.catalog.getLatest(programId);
    const program = await latest;
    const command: Command<AdjustBalanceResult> = {
      needs: {
        member: input,
        mayJoin: input.joining !== undefined,
        request: { kind: 'ADJUST', idempotencyKey: input.idempotencyKey },
      },
      decide: (locked) => adjust(locked, { input, author, program }),
    };
    return await app.queue.submit(command);
  };
}

function checkDates(input: AdjustBalanceInput): void {
  const dates = [
    ['available_time', input.availableTime],
    ['expire_time', input.expireTime],
  ] as const;
  const given = dates.filter(([, instant]) => instant !== undefined);
  if (input.points < 0n && given.length > 0) {
    const message = 'leave it out: points that are taken have no dates';
    throw new ValidationFailed(given.map(([field]) => ({ field, message })));
  }
  const { availableTime = beginningOfTime, expireTime: gone } = input;
  if (gone !== undefined && gone <= availableTime) {
    throw new ValidationFailed([
      {
        field: 'expire_time',
        message: 'must be later than available_time',
        names: ['available_time'],
      },
    ]);
  }
}

function adjust(
  locked: LockedState,
  {
    input,
    author,
    program,
  }: { input: AdjustBalanceInput; author: Author; program: ProgramDefinition },
): AdjustBalanceResult {
  const request = {
    kind: 'ADJUST' as const,
    idempotencyKey: input.idempotencyKey,
    fingerprint: fingerprintOf(contentOf(input)),
  };
  const repeated = repeatedRequest(locked, { ...request, member: input }, (first) =>
    differingFields(input, first),
  );
  if (repeated === undefined) requireUnarchived(program);
  const { account, now } = adjustedAccount(locked, { input, author, program });
  if (repeated !== undefined) {
    return { entry: repeated.entry, balance: balanceAt(account, now), replayed: true };
  }
  const after = adjusted(account, { input, author, program, now });
  const entry = lineAfter(account, after);
  locked.putAccount(after);
  locked.putRequest({ ...request, membershipId: account.membership.membershipId, entry });
  return { entry, balance: balanceAt(after, now), replayed: false };
}

/** The member's account; opened for a user who never was a member, where the command may do that. */
function adjustedAccount(
  locked: LockedState,
  {
    input,
    author,
    program,
  }: { input: AdjustBalanceInput; author: Author; program: ProgramDefinition },
): { account: Account; now: Instant } {
  const { programId, userId, joining } = input;
  if (joining === undefined || locked.bringUpToDate(input) !== undefined) {
    const account = lockedAccount(locked, input);
    return { account, now: locked.nowOf(account) };
  }
  const now = locked.nowOf(undefined);
  refuseJoinAhead(joining.joinTime, now);
  requireActive(program);
  const membershipId = locked.newMembershipId(input);
  const account = join({
    ...joining,
    membershipId,
    programId,
    userId,
    attributes: {},
    author,
    now,
  });
  return { account, now };
}

function contentOf(input: AdjustBalanceInput) {
  return [
    String(input.points),
    input.reason,
    input.note ?? null,
    input.allowDeficit,
    input.availableTime ?? null,
    input.expireTime ?? null,
  ];
}

/**
 * The fields in which a request isn't the one that had its key first. The journal doesn't keep all of them, so the others
 * are found by comparing fingerprints; of dates, both are named.
 */
function differingFields(
  input: AdjustBalanceInput,
  { entry, fingerprint }: RequestRecord,
): readonly string[] {
  const kept = { points: pointsOf(entry), reason: entry.reason, note: entry.note };
  const differing = (['points', 'reason', 'note'] as const).filter(
    (name) => input[name] !== kept[name],
  );
  const isFirst = (changes: Partial<AdjustBalanceInput>) => {
    const content = contentOf({ ...input, ...kept, reason: kept.reason ?? '', ...changes });
    return sameFingerprint(fingerprintOf(content), fingerprint);
  };
  if (isFirst({})) return differing;
  if (isFirst({ allowDeficit: !input.allowDeficit })) return [...differing, 'allow_deficit'];
  return [...differing, 'available_time', 'expire_time'];
}

function adjusted(
  account: Account,
  adjustment: {
    input: AdjustBalanceInput;
    author: Author;
    program: ProgramDefinition;
    now: Instant;
  },
): Account {
  const { input, program, author, now } = adjustment;
  const { points, reason, note, allowDeficit } = input;
  const entry = { reason, ...(note !== undefined && { note }), author, now };
  if (points < 0n) return takeByHand(account, { ...entry, points: -points, allowDeficit });
  const lot = lotOfCredit(program, { ...input, now });
  const inactivityExpiresAt =
    lot.class === 'INACTIVITY'
      ? inactivityFrom(program.ruleSets, now, Math.max(lot.availableAt, now))
      : undefined;
  return addByHand(account, { ...entry, points, lot, inactivityExpiresAt });
}

/** The lot of points that are given now. Dates in the past are now. */
function lotOfCredit(
  program: ProgramDefinition,
  {
    availableTime = beginningOfTime,
    expireTime: expiresAt,
    now,
  }: Pick<AdjustBalanceInput, 'availableTime' | 'expireTime'> & { now: Instant },
): LotKey {
  const availableAt = availableTime > now ? availableTime : beginningOfTime;
  if (expiresAt !== undefined) {
    return { availableAt, expiresAt: Math.max(expiresAt, now), class: 'NORMAL' };
  }
  const ruleSet = ruleSetInForce(program.ruleSets, now, now);
  const expires = ruleSet && expireTime(ruleSet, { availableTime: availableAt, occurTime: now });
  return lotExpiring(availableAt, expires ?? endOfTime);
}
