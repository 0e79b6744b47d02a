import { DomainError } from '@loyalty/rules/domain-error.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';
import { type Notice, noticesDue } from '../domain/notices.ts';
import type { ProgramCatalog, ProgramDefinition } from './program-catalog.ts';

/** A position among memberships, in the order in which something is due for them. */
export interface DuePosition {
  readonly dueAt: Instant;
  readonly membershipId: bigint;
}

/** A notice, and what its event says of the member and the program. */
export interface MemberNotice {
  readonly notice: Notice;
  readonly membership: Membership;
  readonly program: ProgramDefinition;
}

/** Which notices were given. All methods throw {@link StorageUnavailable} when the database is down. */
export interface NoticeStore {
  /** The most days before a date that any program wants a notice; 0 if none does. */
  daysMax(): Promise<number>;
  /**
   * The accounts behind a position for which something is due by `until`, with the lots for which it is. `last` is the
   * position of the last one; undefined if there may be no more. Locks nothing.
   */
  accountsDue(
    query: { until: Instant; after: DuePosition | undefined; limit: number },
    now: Instant,
  ): Promise<{ accounts: readonly Account[]; last: DuePosition | undefined }>;
  /** Keeps those that weren't given before, and announces them in the same database transaction. */
  give(notices: readonly MemberNotice[], now: Instant): Promise<void>;
}

export interface GiveNoticesApp {
  readonly catalog: Pick<ProgramCatalog, 'get'>;
  readonly notices: NoticeStore;
  readonly clock: () => Instant;
}

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Gives the notices that are due to at most `limit` members behind a position, once for each date, and returns the
 * position to go on from; undefined after the last member. A notice is decided on what is stored at the moment, without
 * a lock: points that are spent meanwhile are spent after it.
 *
 * @throws what {@link NoticeStore} throws
 */
export async function giveNotices(
  { catalog, notices, clock }: GiveNoticesApp,
  { daysMax, ...page }: { daysMax: number; after: DuePosition | undefined; limit: number },
): Promise<DuePosition | undefined> {
  const now = clock();
  // The whole of the last day, in any time zone.
  const until = now + (daysMax + 2) * dayMs;
  const { accounts, last } = await notices.accountsDue({ ...page, until }, now);
  const programs = await knownPrograms(catalog, accounts);
  const due = accounts.flatMap((account) => {
    const { membership } = account;
    const program = programs.get(membership.programId);
    // Nobody can spend points meanwhile. The notice comes once the program is active again.
    if (program?.state !== 'ACTIVE') return [];
    const terms = { now, days: program.notices, clock: program.clock };
    return noticesDue(account, terms).map((notice) => ({ notice, membership, program }));
  });
  if (due.length > 0) await notices.give(due, now);
  return last;
}

/** The definitions of the accounts' programs. One that can't be loaded now is left to the next time. */
async function knownPrograms(
  catalog: GiveNoticesApp['catalog'],
  accounts: readonly Account[],
): Promise<Map<string, ProgramDefinition>> {
  const programs = new Map<string, ProgramDefinition>();
  for (const programId of new Set(accounts.map(({ membership }) => membership.programId))) {
    try {
      programs.set(programId, await catalog.get(programId));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
    }
  }
  return programs;
}
