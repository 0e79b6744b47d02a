import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { QueryConfig } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { perRow } from './plan-forms.ts';
import type { Read } from './read.ts';

/** Reads of a member's journal. */
export function entryReads(read: Read): Pick<LedgerReader, 'entries'> {
  return {
    async entries(query) {
      return (await read<EntryRow>(readEntries(query))).map(entryOf);
    },
  };
}

// Which sequences lie between the times asked for: from `first` on, and before `past`. A journal has no gaps and never goes
// back in time, so that halving it finds a time in as many steps as its length has binary digits; an index on the time
// would cost every earn 40 bytes.
export const wanted = `WITH RECURSIVE halving (bound, time, low, high) AS (
    SELECT bound, time,
      CASE time WHEN 'infinity' THEN last_sequence + 1 ELSE 1 END,
      CASE time WHEN '-infinity' THEN 1 ELSE last_sequence + 1 END
    FROM memberships
    CROSS JOIN unnest(ARRAY['first', 'past'], ARRAY[$3, $4]::timestamptz[]) AS bounds (bound, time)
    WHERE membership_id = $1
    UNION ALL
    SELECT bound, time,
      CASE WHEN create_time < time THEN sequence + 1 ELSE low END,
      CASE WHEN create_time < time THEN high ELSE sequence END
    FROM halving
    CROSS JOIN LATERAL (
      SELECT sequence, create_time FROM entries
      WHERE membership_id = $1 AND sequence = (low + high) / 2 ${perRow}
    ) AS middle
    WHERE low < high
  ), wanted AS (
    SELECT max(low) FILTER (WHERE bound = 'first') AS first,
      least(max(low) FILTER (WHERE bound = 'past'), $2::bigint) AS past
    FROM halving WHERE low = high
  )`;

const newest = `membership_id = $1
  AND sequence >= (SELECT first FROM wanted) AND sequence < (SELECT past FROM wanted)
  ORDER BY sequence DESC LIMIT $5`;

// The newest of each kind, and then of all. Earns have no index by kind, which would cost each of them bytes: most entries of
// a long journal are earns.
const ofKinds = `SELECT * FROM (
    SELECT found.* FROM unnest($6::text[]) AS kinds (asked)
    CROSS JOIN LATERAL (
      SELECT * FROM entries WHERE kind = asked AND kind <> 'EARN' AND ${newest}
    ) AS found
    UNION ALL
    (SELECT * FROM entries WHERE kind = 'EARN' AND 'EARN' = ANY($6) AND ${newest})
  ) AS entries
  ORDER BY sequence DESC LIMIT $5`;

/** Journal entries between times and of kinds, the newest first, at a cost that doesn't grow with the journal. */
export function readEntries(query: Parameters<LedgerReader['entries']>[0]): QueryConfig {
  const { membershipId, kinds, startTime, endTime, limit, after } = query;
  const values = [
    membershipId,
    after ?? null,
    timestamptz(startTime ?? beginningOfTime),
    timestamptz(endTime ?? endOfTime),
    limit,
  ];
  return kinds.length === 0
    ? { name: 'read_entries', text: `${wanted} SELECT * FROM entries WHERE ${newest}`, values }
    : {
        name: 'read_entries_of_kinds',
        text: `${wanted} ${ofKinds}`,
        values: [...values, [...new Set(kinds)]],
      };
}
