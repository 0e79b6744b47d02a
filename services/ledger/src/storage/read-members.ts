import type { LedgerReader } from '../app/ledger-store.ts';
import { beginningOfTime, endOfTime } from '../domain/instant.ts';
import { timestamptz } from './column-values.ts';
import type { AccountQuery } from './read-accounts.ts';

type MembersQuery = Parameters<LedgerReader['accountsOfProgram']>[0];

/** No id begins with it: of what begins with a prefix, none comes after the prefix and this. */
const lastCharacter = '\u{10FFFF}';

// Of a member found by another index: the conditions that it can't answer.
const memberMatches = `($6::text IS NULL OR state = $6)
  AND ($7::text IS NULL OR attributes ->> $7 = $8)`;

const ids = 'user_id >= $3 AND user_id < $4 AND user_id > $5';

const byUserId = `SELECT membership_id FROM member_ids
  WHERE program_id = $2 AND ${ids} ORDER BY user_id LIMIT $6`;

const byState = `SELECT membership_id FROM memberships
  WHERE program_id <> '' AND program_id = $2 AND state = $7 AND ${ids} ORDER BY user_id LIMIT $6`;

const byAttribute = `SELECT membership_id FROM member_attributes
  WHERE program_id = $2 AND key = $7 AND value = $8 AND ($9::text IS NULL OR state = $9) AND ${ids}
  ORDER BY user_id LIMIT $6`;

const byJoinTime = `SELECT membership_id FROM memberships
  WHERE program_id = $2 AND join_time >= $9 AND join_time < $10
    AND (join_time, user_id) > ($11, $5)
    AND user_id >= $3 AND user_id < $4 AND ${memberMatches}
  ORDER BY join_time, user_id LIMIT $12`;

/** The members of a program that a filter leaves, by the index that leaves the fewest. */
export function readMembers(query: MembersQuery): AccountQuery {
  const { userIdPrefix = '', attribute, state, joinStartTime, joinEndTime, limit, after } = query;
  const { now } = query;
  const values = [
    query.programId,
    userIdPrefix,
    `${userIdPrefix}${lastCharacter}`,
    after?.userId ?? '',
  ];
  if (joinStartTime !== undefined || joinEndTime !== undefined) {
    return {
      name: 'read_accounts_by_join_time',
      members: byJoinTime,
      order: 'join_time, memberships.user_id',
      values: [
        ...values,
        state ?? null,
        attribute?.key ?? null,
        attribute?.value ?? null,
        timestamptz(joinStartTime ?? beginningOfTime),
        timestamptz(joinEndTime ?? endOfTime),
        timestamptz(after?.joinTime ?? beginningOfTime),
        limit,
      ],
      now,
    };
  }
  const order = 'user_id';
  if (attribute !== undefined) {
    return {
      name: 'read_accounts_by_attribute',
      members: byAttribute,
      order,
      values: [...values, limit, attribute.key, attribute.value, state ?? null],
      now,
    };
  }
  if (state !== undefined) {
    const name = 'read_accounts_by_state';
    return { name, members: byState, order, values: [...values, limit, state], now };
  }
  const name = 'read_accounts_of_program';
  return { name, members: byUserId, order, values: [...values, limit], now };
}
