import type { SqlInvariant } from './invariant.ts';

/** I3, I4 and I6: what the journal says, entry by entry. */
export const journalInvariants: readonly SqlInvariant[] = [
  {
    id: 'I3',
    name: 'earn entries',
    meaning: "A credited transaction has one EARN entry, in its member's journal, with its points.",
    sql: `SELECT format('transaction %s of %s: credited %s points to membership %s, entry %s; that entry says %s',
        coalesce(earn.transaction_id, entry.transaction_id), coalesce(earn.program_id, entry.program_id),
        earn.points, membership_id, sequence, entry.points) AS offender
      FROM (SELECT * FROM earns WHERE state <> 'AWAITED') AS earn
      FULL JOIN (
        SELECT membership_id, sequence, memberships.program_id, transaction_id COLLATE "C" AS transaction_id,
          entries.available + entries.pending + entries.reserved - entries.deficit AS points
        FROM entries JOIN memberships USING (membership_id)
        WHERE kind = 'EARN'
      ) AS entry USING (membership_id, sequence)
      WHERE (earn.program_id, earn.transaction_id, earn.points)
        IS DISTINCT FROM (entry.program_id, entry.transaction_id, entry.points)`,
  },
  {
    id: 'I3',
    name: 'refunds',
    meaning:
      "A transaction's reversed points are those of its applied refunds, and all of its points once it is REVERSED; no refund waits for a credited transaction.",
    sql: `SELECT format('transaction %s of %s: %s, %s of %s points reversed, refunds applied %s, %s waiting',
        transaction_id, program_id, coalesce(state, 'unknown'), reversed_points, points,
        coalesce(applied, 0), coalesce(waiting, 0)) AS offender
      FROM earns
      FULL JOIN (
        SELECT program_id, transaction_id, sum(points) FILTER (WHERE state = 'APPLIED') AS applied,
          sum(points) FILTER (WHERE state <> 'APPLIED') AS unapplied,
          count(*) FILTER (WHERE state = 'WAITING') AS waiting
        FROM refunds GROUP BY program_id, transaction_id
      ) AS refunded USING (program_id, transaction_id)
      WHERE state IS NULL
        OR coalesce(reversed_points, 0) <> coalesce(applied, 0)
        OR unapplied <> 0
        OR (state = 'REVERSED' AND reversed_points <> points)
        OR (state <> 'AWAITED' AND waiting > 0)`,
  },
  {
    id: 'I3',
    name: 'refund entries',
    meaning:
      'An applied refund has one REFUND entry, which takes and owes what the refund says; a rejected one has one that changes nothing.',
    sql: `SELECT format('refund %s of transaction %s of %s: taken, owed are %s; its %s entries say %s',
        refund_id, transaction_id, program_id, (refund.taken, refund.owed), coalesce(entries, 0),
        (entry.taken, entry.owed)) AS offender
      FROM (
        SELECT program_id, transaction_id, refund_id, membership_id, taken, owed
        FROM refunds JOIN earns USING (program_id, transaction_id)
        WHERE refunds.state IN ('APPLIED', 'REJECTED')
      ) AS refund
      FULL JOIN (
        SELECT memberships.program_id, transaction_id COLLATE "C" AS transaction_id,
          refund_id COLLATE "C" AS refund_id,
          min(membership_id) AS membership_id, count(*) AS entries,
          -sum(entries.available + entries.pending) AS taken, sum(entries.deficit) AS owed
        FROM entries JOIN memberships USING (membership_id)
        WHERE kind = 'REFUND'
        GROUP BY memberships.program_id, transaction_id, refund_id
      ) AS entry USING (program_id, transaction_id, refund_id)
      WHERE entries IS DISTINCT FROM 1
        OR (refund.membership_id, refund.taken, refund.owed)
          IS DISTINCT FROM (entry.membership_id, entry.taken, entry.owed)`,
  },
  {
    id: 'I3',
    name: 'requests',
    meaning:
      'Each ADJUST and each RETURN entry has exactly one request, and each request has such an entry.',
    sql: `SELECT format('membership %s, entry %s: %s, asked for by %s requests (%s)',
        membership_id, sequence, coalesce(entry.kind, 'no ADJUST or RETURN'), coalesce(requests, 0),
        coalesce(keys, 'none')) AS offender
      FROM (
        SELECT membership_id, sequence, kind FROM entries WHERE kind IN ('ADJUST', 'RETURN')
      ) AS entry
      FULL JOIN (
        SELECT membership_id, sequence, CASE kind WHEN 'REVERSE' THEN 'RETURN' ELSE kind END AS kind,
          count(*) AS requests, string_agg(kind || ' ' || idempotency_key, ', ') AS keys
        FROM requests GROUP BY membership_id, sequence, 3
      ) AS asked USING (membership_id, sequence, kind)
      WHERE entry.kind IS NULL OR requests IS DISTINCT FROM 1`,
  },
  {
    id: 'I4',
    name: 'chain',
    meaning:
      'Entries are numbered from 1 without a gap, never go back in time, and the points after each follow from those after the one before.',
    sql: `SELECT format(
        'membership %s, entry %s: follows entry %s, available, pending, reserved, deficit after it are %s instead of %s, at %s',
        membership_id, sequence, previous, (balance_after, pending_after, reserved_after, deficit_after), expected,
        create_time) AS offender
      FROM (
        SELECT membership_id, sequence, balance_after, create_time,
          coalesce(pending_after, 0) AS pending_after, coalesce(reserved_after, 0) AS reserved_after,
          coalesce(deficit_after, 0) AS deficit_after,
          lag(sequence, 1, 0::bigint) OVER journal AS previous,
          (
            lag(balance_after, 1, 0::bigint) OVER journal + available,
            coalesce(lag(pending_after) OVER journal, 0) + pending,
            coalesce(lag(reserved_after) OVER journal, 0) + reserved,
            coalesce(lag(deficit_after) OVER journal, 0) + deficit
          ) AS expected,
          lag(create_time) OVER journal AS previous_time
        FROM entries WINDOW journal AS (PARTITION BY membership_id ORDER BY sequence)
      ) AS chained
      WHERE sequence <> previous + 1 OR create_time < previous_time
        OR (balance_after, pending_after, reserved_after, deficit_after) IS DISTINCT FROM expected`,
  },
  {
    id: 'I4',
    name: 'dates of lots',
    meaning: 'The INACTIVITY date in an entry is the latest one that this or an earlier entry set.',
    sql: `SELECT format('membership %s, entry %s: notes %s, and they were last moved to %s', membership_id, sequence,
        lots_expire_at, coalesce(date::text, 'none')) AS offender
      FROM (
        SELECT membership_id, sequence, lots_expire_at,
          max(inactivity_expires_at) OVER (PARTITION BY membership_id ORDER BY sequence) AS date
        FROM entries
      ) AS noted
      WHERE lots_expire_at IS NOT NULL AND lots_expire_at IS DISTINCT FROM date`,
  },
  {
    id: 'I4',
    name: 'last entry',
    meaning: 'A membership has the number and time of its last entry.',
    sql: `SELECT format('membership %s: knows entry %s of %s, the last is %s of %s', membership_id,
        last_sequence, last_entry_time, last.sequence, last.create_time) AS offender
      FROM memberships
      LEFT JOIN (
        SELECT membership_id, max(sequence) AS sequence, max(create_time) AS create_time
        FROM entries GROUP BY membership_id
      ) AS last USING (membership_id)
      WHERE (last_sequence, last_entry_time) IS DISTINCT FROM (last.sequence, last.create_time)`,
  },
  {
    id: 'I4',
    name: 'programs of entries',
    meaning:
      "An entry has the program of its membership, by which the program's list finds it; an EARN has none, because its earn has it.",
    sql: `SELECT format('membership %s, entry %s (%s): has the program %s instead of %s', membership_id, sequence, kind,
        coalesce(entries.program_id, 'none'),
        CASE kind WHEN 'EARN' THEN 'none' ELSE coalesce(memberships.program_id, 'none') END) AS offender
      FROM entries LEFT JOIN memberships USING (membership_id)
      WHERE entries.program_id IS DISTINCT FROM CASE WHEN kind <> 'EARN' THEN memberships.program_id END`,
  },
  {
    id: 'I6',
    name: 'allocation sums',
    meaning:
      "An entry's allocations sum to its available and pending changes; an EARN has none, because its earn names the lot.",
    sql: `SELECT format('membership %s, entry %s (%s): changes %s points, its allocations sum to %s',
        membership_id, sequence, kind, available + pending, coalesce(allocated.points, 0)) AS offender
      FROM entries
      FULL JOIN (
        SELECT membership_id, sequence, sum(points) AS points
        FROM allocations GROUP BY membership_id, sequence
      ) AS allocated USING (membership_id, sequence)
      WHERE CASE kind
        WHEN 'EARN' THEN allocated.points IS NOT NULL
        ELSE available + pending IS DISTINCT FROM coalesce(allocated.points, 0)
      END`,
  },
  {
    id: 'I6',
    name: 'lot dates',
    meaning:
      'Only EXPIRE takes from lots whose date has passed, and MATURE, which pays debts late; RESERVE and CAPTURE take only what has matured (the date of INACTIVITY lots moves and is not checked).',
    sql: `SELECT format('membership %s, entry %s (%s of %s): took %s from the lot (%s, %s, %s)',
        membership_id, sequence, kind, create_time, -points, available_at, expires_at, class) AS offender
      FROM allocations JOIN entries USING (membership_id, sequence)
      WHERE points < 0 AND (
        (class <> 'INACTIVITY' AND CASE kind
          WHEN 'EXPIRE' THEN expires_at > create_time
          WHEN 'MATURE' THEN false
          ELSE expires_at <= create_time
        END)
        OR (kind IN ('RESERVE', 'CAPTURE') AND available_at > create_time)
      )`,
  },
];
