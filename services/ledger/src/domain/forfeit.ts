import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { type Account, noChange, record } from './journal.ts';
import { take } from './lot.ts';

/** Takes all points of an account that is up to date that aren't reserved, for good. */
export function forfeit(
  account: Account,
  { author, now }: { author: Author; now: Instant },
): Account {
  const { available, pending } = account.membership;
  if (available + pending === 0n) return account;
  return record(account, {
    kind: 'FORFEIT',
    changes: { ...noChange, available: -available, pending: -pending },
    allocations: take(account.lots, available + pending),
    author,
    now,
  });
}
