import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { QueryConfig } from 'pg';
import type { JournalReader } from '../app/journal-reader.ts';
import type { LedgerReader, ProgramQuery } from '../app/ledger-store.ts';
import type { EntryKind } from '../domain/journal.ts';
import type { RedemptionState } from '../domain/redemption-state.ts';
import { aboveAllIds } from './column-values.ts';
import { type EarnRow, earnOf } from './earn-rows.ts';
import { type EntryRow, entryOf } from './entry-rows.ts';
import { perRow } from './plan-forms.ts';
import type { Read } from './read.ts';
import { type RedemptionRow, redemptionOf } from './redemption-rows.ts';

/**
 * Reads of what happened to all members of a program, the newest first. Much is written at the same instant: the purchases of
 * one commit. So a position has a key besides the time.
 */
export function programReads(
  read: Read,
): Pick<LedgerReader, 'earnsOfProgram' | 'entriesOfProgram' | 'redemptionsOfProgram'> {
  return {
    async earnsOfProgram(query) {
      const rows = await read<EarnRow & { user_id: string }>(readEarnsOfProgram(query));
      return rows.map((row) => ({ ...earnOf(row), userId: row.user_id }));
    },

    async entriesOfProgram(query) {
      const { programId } = query;
      const rows = await read<EntryRow & { membership_id: bigint; user_id: string }>(
        readEntriesOfProgram(query),
      );
      return rows.map((row) => ({
        programId,
        userId: row.user_id,
        membershipId: row.membership_id,
        entry: entryOf(row),
      }));
    },

    async redemptionsOfProgram(query) {
      const rows = await read<RedemptionRow & { user_id: string }>(readRedemptionsOfProgram(query));
      return rows.map((row) => ({ ...redemptionOf(row), userId: row.user_id }));
    },
  };
}

const userOf = (table: string) =>
  `(SELECT user_id FROM memberships WHERE membership_id = ${table}.membership_id) AS user_id`;

/** The parameters from $2 on: the start, the end, and the time after which the page comes. */
function times<Position>(
  { startTime, endTime, after }: ProgramQuery<Position>,
  timeOf: (position: Position) => number,
): string[] {
  const end = endTime ?? endOfTime;
  return [
    timestamptz(startTime ?? beginningOfTime),
    timestamptz(end),
    timestamptz(after === undefined ? end : Math.min(timeOf(after), end)),
  ];
}

const earnsOfProgram = (condition: string) => `SELECT earns.*, ${userOf('earns')}
  FROM earns
  WHERE program_id = $1 AND ${condition} AND post_time >= $2 AND post_time < $3
    AND post_time <= $4 AND (post_time < $4 OR transaction_id < $5 OR $5 IS NULL)
  ORDER BY post_time DESC, transaction_id DESC LIMIT $6`;

function readEarnsOfProgram(query: Parameters<LedgerReader['earnsOfProgram']>[0]): QueryConfig {
  const values = [
    query.programId,
    ...times(query, ({ postTime }) => postTime),
    query.after?.transactionId ?? null,
    query.limit,
  ];
  switch (query.state) {
    case undefined:
      return { name: 'read_earns_of_program', text: earnsOfProgram('true'), values };
    case 'POSTED':
      return {
        name: 'read_posted_earns_of_program',
        text: earnsOfProgram("state = 'POSTED'"),
        values,
      };
    case 'REVERSED':
      return {
        name: 'read_reversed_earns_of_program',
        text: earnsOfProgram("state = 'REVERSED'"),
        values,
      };
    default:
      return query.state satisfies never;
  }
}

/** All kinds but EARN, whose entries are found by their earns. */
const otherKinds = Object.keys({
  JOINED: true,
  MATURE: true,
  EXPIRE: true,
  RESERVE: true,
  CAPTURE: true,
  RELEASE: true,
  REJECT: true,
  RETURN: true,
  REFUND: true,
  ADJUST: true,
  FORFEIT: true,
  SUSPENDED: true,
  RESUMED: true,
  LEFT: true,
  UPDATED: true,
} satisfies Record<Exclude<EntryKind, 'EARN'>, true>) as EntryKind[];

// The newest of each kind, and of the earns; then the newest of all.
const entriesOfProgram = `SELECT entries.*, ${userOf('entries')}
  FROM (
    SELECT create_time, membership_id, sequence FROM (
      SELECT found.* FROM unnest($7::text[]) AS kinds (asked)
      CROSS JOIN LATERAL (
        SELECT create_time, membership_id, sequence FROM entries
        WHERE program_id = $1 AND kind = asked AND create_time >= $2 AND create_time < $3
          AND (create_time, membership_id, sequence) < ($4, $5, $6)
        ORDER BY create_time DESC, membership_id DESC, sequence DESC LIMIT $8
      ) AS found
      UNION ALL
      (
        SELECT post_time, membership_id, sequence FROM earns
        WHERE $9 AND program_id = $1 AND post_time >= $2 AND post_time < $3
          AND post_time <= $4 AND (post_time, membership_id, sequence) < ($4, $5, $6)
        ORDER BY post_time DESC, membership_id DESC, sequence DESC LIMIT $8
      )
      ${perRow}
    ) AS of_kinds
    ORDER BY create_time DESC, membership_id DESC, sequence DESC LIMIT $8
  ) AS newest
  CROSS JOIN LATERAL (
    SELECT * FROM entries
    WHERE membership_id = newest.membership_id AND sequence = newest.sequence ${perRow}
  ) AS entries
  ORDER BY newest.create_time DESC, newest.membership_id DESC, newest.sequence DESC`;

function readEntriesOfProgram(query: Parameters<LedgerReader['entriesOfProgram']>[0]): QueryConfig {
  const { programId, kinds, limit } = query;
  const isEvery = kinds.length === 0;
  return {
    name: 'read_entries_of_program',
    text: entriesOfProgram,
    values: [
      programId,
      ...entryBounds(query),
      isEvery ? otherKinds : otherKinds.filter((kind) => kinds.includes(kind)),
      limit,
      isEvery || kinds.includes('EARN'),
    ],
  };
}

// The oldest of each kind, and of the earns; then the oldest of all.
const entryKeysOfProgram = `SELECT create_time, membership_id, sequence FROM (
    SELECT found.* FROM unnest($7::text[]) AS kinds (asked)
    CROSS JOIN LATERAL (
      SELECT create_time, membership_id, sequence FROM entries
      WHERE program_id = $1 AND kind = asked AND create_time >= $2 AND create_time < $3
        AND (create_time, membership_id, sequence) > ($4, $5, $6)
      ORDER BY create_time, membership_id, sequence LIMIT $8
    ) AS found
    UNION ALL
    (
      SELECT post_time, membership_id, sequence FROM earns
      WHERE program_id = $1 AND post_time >= $2 AND post_time < $3
        AND post_time >= $4 AND (post_time, membership_id, sequence) > ($4, $5, $6)
      ORDER BY post_time, membership_id, sequence LIMIT $8
    )
    ${perRow}
  ) AS of_kinds
  ORDER BY create_time, membership_id, sequence LIMIT $8`;

export function readEntryKeysOfProgram(
  query: Parameters<JournalReader['keysOfProgram']>[0],
): QueryConfig {
  const { programId, startTime, endTime, after, limit } = query;
  return {
    name: 'read_entry_keys_of_program',
    text: entryKeysOfProgram,
    values: [
      programId,
      timestamptz(startTime),
      timestamptz(endTime),
      timestamptz(Math.max(after?.createTime ?? startTime, startTime)),
      after?.membershipId ?? 0n,
      after?.sequence ?? 0n,
      otherKinds,
      limit,
    ],
  };
}

/** $2 to $6: {@link times}, and the entry after which the page comes. */
function entryBounds(query: Parameters<LedgerReader['redemptionsOfProgram']>[0] | EntriesQuery) {
  const { after } = query;
  return [
    ...times(query, ({ createTime }) => createTime),
    after?.membershipId ?? aboveAllIds,
    after?.sequence ?? aboveAllIds,
  ];
}

type EntriesQuery = Parameters<LedgerReader['entriesOfProgram']>[0];

// A hold whose end hasn't been written is stored as RESERVED, and returned as EXPIRED.
const redemptionMatches = `create_time >= $2 AND create_time < $3
  AND (create_time, membership_id, sequence) < ($4, $5, $6)
  AND (state <> 'RESERVED' OR (hold_expires_at > $8) = ANY ($9::boolean[]))`;

const newestRedemptions = 'ORDER BY create_time DESC, membership_id DESC, sequence DESC LIMIT $7';

const ofStates = (condition: string) => `SELECT redemptions.*, ${userOf('redemptions')}
  FROM unnest($10::text[]) AS states (asked)
  CROSS JOIN LATERAL (
    SELECT * FROM redemptions
    WHERE program_id = $1 AND ${condition} AND state = asked AND ${redemptionMatches}
    ${newestRedemptions}
  ) AS redemptions
  ${newestRedemptions}`;

const ofReference = `SELECT redemptions.*, ${userOf('redemptions')}
  FROM redemptions
  WHERE program_id = $1 AND reference <> '' AND reference = $11 AND state = ANY ($10::text[])
    AND ($12::text IS NULL OR reward_id = $12) AND ${redemptionMatches}
  ${newestRedemptions}`;

const allStates: readonly RedemptionState[] = [
  'RESERVED',
  'CAPTURED',
  'CANCELLED',
  'EXPIRED',
  'REVERSED',
  'REJECTED',
];

function readRedemptionsOfProgram(
  query: Parameters<LedgerReader['redemptionsOfProgram']>[0],
): QueryConfig {
  const { state, rewardId, reference } = query;
  const values = [
    query.programId,
    ...entryBounds(query),
    query.limit,
    timestamptz(query.now),
    ...storedStates(state),
  ];
  if (reference !== undefined) {
    return {
      name: 'read_redemptions_of_reference',
      text: ofReference,
      values: [...values, reference, rewardId ?? null],
    };
  }
  return rewardId === undefined
    ? { name: 'read_redemptions_of_program', text: ofStates("program_id <> ''"), values }
    : {
        name: 'read_redemptions_of_reward',
        text: ofStates("reward_id <> '' AND reward_id = $11"),
        values: [...values, rewardId],
      };
}

/** Which holds count, by whether they are open, and the stored states that have the state asked for. */
function storedStates(
  state: RedemptionState | undefined,
): [areOpen: boolean[], states: readonly RedemptionState[]] {
  switch (state) {
    case undefined:
      return [[true, false], allStates];
    case 'RESERVED':
      return [[true], ['RESERVED']];
    case 'EXPIRED':
      return [[false], ['EXPIRED', 'RESERVED']];
    default:
      return [[true, false], [state]];
  }
}
