import type { SqlInvariant } from './invariant.ts';

/** A subquery of all that time itself will bring about: maturity, expiry and the ends of holds, with their instants. */
const toCome = `(
  SELECT membership_id, format('the lot (%s, %s, %s) matures', available_at, expires_at, class) AS what,
    available_at AS time
  FROM lots JOIN memberships USING (membership_id)
  WHERE remaining > 0 AND available_at > last_entry_time
  UNION ALL
  SELECT membership_id, format('the lot (%s, %s, %s) expires', available_at, expires_at, class),
    CASE class WHEN 'INACTIVITY' THEN inactivity_expires_at ELSE expires_at END
  FROM lots JOIN memberships USING (membership_id)
  WHERE remaining > 0
  UNION ALL
  SELECT membership_id, format('the hold %s ends', redemption_id), hold_expires_at
  FROM redemptions WHERE state = 'RESERVED'
)`;

/** I1 and I5: what is due is written, neither too late nor too early. */
export const upToDateInvariants: readonly SqlInvariant[] = [
  {
    id: 'I1',
    name: 'up to date',
    meaning:
      'When the last entry was written, the membership was up to date: no lot that still holds points had expired, and no hold that is still RESERVED had ended.',
    sql: `SELECT format('membership %s: its last entry is of %s, and %s at %s',
        membership_id, last_entry_time, what, time) AS offender
      FROM memberships JOIN ${toCome} AS coming USING (membership_id)
      WHERE time <= last_entry_time`,
  },
  {
    id: 'I1',
    name: 'next due',
    meaning:
      'A membership is due to be brought up to date no later than its next maturity, expiry or end of a hold.',
    sql: `SELECT format('membership %s: is due at %s, and %s at %s',
        membership_id, next_due_at, what, time) AS offender
      FROM memberships JOIN ${toCome} AS coming USING (membership_id)
      WHERE time < next_due_at`,
  },
  {
    id: 'I5',
    name: 'deadlines',
    meaning:
      'Holds, and no other redemptions, have a deadline; those that ended at the deadline or later are EXPIRED, those that ended before it were captured or CANCELLED.',
    sql: `SELECT format('redemption %s of membership %s: is %s, made at %s, ended at %s, its deadline is %s',
        redemption_id, membership_id, state, create_time, ended, hold_expires_at) AS offender
      FROM redemptions
      JOIN (
        SELECT membership_id, redemption_id COLLATE "C" AS redemption_id, bool_or(kind = 'RESERVE') AS held,
          min(create_time) FILTER (WHERE kind IN ('CAPTURE', 'RELEASE')) AS ended
        FROM entries WHERE redemption_id IS NOT NULL
        GROUP BY membership_id, redemption_id
      ) AS told USING (membership_id, redemption_id)
      WHERE held <> (hold_expires_at IS NOT NULL)
        OR CASE state WHEN 'EXPIRED' THEN ended < hold_expires_at ELSE ended >= hold_expires_at END`,
  },
];
