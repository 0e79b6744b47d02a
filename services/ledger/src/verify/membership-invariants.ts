import type { SqlInvariant } from './invariant.ts';

/** I1: what a membership says besides its points is what its journal says, entry by entry. */
export const membershipInvariants: readonly SqlInvariant[] = [
  {
    id: 'I1',
    name: 'attributes',
    meaning:
      "A membership's attributes are the result of its JOINED and UPDATED entries, each starting where the previous one ended, and their revision is the number of these changes; the table by which members are found has the same.",
    sql: `SELECT format('membership %s: attributes are %s, changed %s times; its entries left %s in %s changes%s',
        membership_id, attributes, attributes_revision, coalesce(last, '{}'), coalesce(changes, 0),
        CASE WHEN broken THEN ', not one from the other' END) AS offender
      FROM memberships
      LEFT JOIN (
        SELECT membership_id, count(*) AS changes,
          (array_agg(attributes_after ORDER BY sequence DESC))[1] AS last,
          bool_or(attributes_before <> previous OR attributes_after = attributes_before) AS broken
        FROM (
          SELECT membership_id, sequence, attributes_before, attributes_after,
            lag(attributes_after, 1, '{}'::jsonb) OVER journal AS previous
          FROM entries WHERE attributes_after IS NOT NULL
          WINDOW journal AS (PARTITION BY membership_id ORDER BY sequence)
        ) AS changing
        GROUP BY membership_id
      ) AS told USING (membership_id)
      WHERE broken
        OR (attributes, attributes_revision) <> (coalesce(last, '{}'), coalesce(changes, 0))
      UNION ALL
      SELECT format('membership %s, entry %s (%s): left the attributes %s',
        membership_id, sequence, kind, coalesce(attributes_after::text, 'as they were'))
      FROM entries
      WHERE CASE kind
        WHEN 'UPDATED' THEN attributes_after IS NULL
        WHEN 'JOINED' THEN false
        ELSE attributes_after IS NOT NULL
      END
      UNION ALL
      SELECT format('attribute %s = %s of user %s of %s: found for membership %s, and stored for %s',
        key, value, user_id, program_id, coalesce(found.membership_id::text, 'none'),
        coalesce(stored.membership_id::text, 'none'))
      FROM member_attributes AS found
      FULL JOIN (
        SELECT program_id, key COLLATE "C" AS key, value COLLATE "C" AS value, user_id, membership_id, state, join_time
        FROM memberships CROSS JOIN jsonb_each_text(attributes)
      ) AS stored USING (program_id, key, value, user_id)
      WHERE (found.membership_id, found.state, found.join_time)
        IS DISTINCT FROM (stored.membership_id, stored.state, stored.join_time)`,
  },
  {
    id: 'I1',
    name: 'join time',
    meaning: "A membership's join time is that of its last JOINED entry; no other entry has one.",
    sql: `SELECT format('membership %s: joined at %s, its last JOINED entry says %s',
        membership_id, memberships.join_time, coalesce(last::text, 'nothing')) AS offender
      FROM memberships
      LEFT JOIN (
        SELECT membership_id, (array_agg(join_time ORDER BY sequence DESC))[1] AS last
        FROM entries WHERE kind = 'JOINED' GROUP BY membership_id
      ) AS told USING (membership_id)
      WHERE memberships.join_time IS DISTINCT FROM last
      UNION ALL
      SELECT format('membership %s, entry %s (%s): says that the user joined at %s',
        membership_id, sequence, kind, coalesce(join_time::text, 'no time'))
      FROM entries WHERE (kind = 'JOINED') <> (join_time IS NOT NULL)`,
  },
  {
    id: 'I1',
    name: 'inactivity date',
    meaning:
      'The date of the INACTIVITY lots is the one to which the last entry moved it, and it only moves forward.',
    sql: `SELECT format('membership %s: inactivity_expires_at is %s, its entries moved it to %s',
        membership_id, inactivity_expires_at, coalesce(dates, 'nothing')) AS offender
      FROM memberships
      LEFT JOIN (
        SELECT membership_id, max(date) AS last, bool_or(date <= previous) AS backward,
          string_agg(date::text, ', ' ORDER BY sequence) AS dates
        FROM (
          SELECT membership_id, sequence, inactivity_expires_at AS date,
            lag(inactivity_expires_at) OVER journal AS previous
          FROM entries WHERE inactivity_expires_at IS NOT NULL
          WINDOW journal AS (PARTITION BY membership_id ORDER BY sequence)
        ) AS moving
        GROUP BY membership_id
      ) AS told USING (membership_id)
      WHERE backward OR inactivity_expires_at <> coalesce(last, 'infinity')`,
  },
];
