import type { LedgerReader } from '../app/ledger-store.ts';
import { beginningOfTime, endOfTime } from '../domain/instant.ts';
import type { MembershipState } from '../domain/membership.ts';
import { timestamptz } from './column-values.ts';
import { perRow } from './plan-forms.ts';
import type { AccountQuery } from './read-accounts.ts';

type MembersQuery = Parameters<LedgerReader['accountsOfProgram']>[0];

/** No id begins with it: of what begins with a prefix, none comes after the prefix and this. */
const lastCharacter = '\u{10FFFF}';

const allStates: readonly MembershipState[] = ['ACTIVE', 'SUSPENDED', 'LEFT'];

const ids = 'user_id >= $3 AND user_id < $4 AND user_id > $5';

const byUserId = `SELECT membership_id FROM member_ids
  WHERE program_id = $2 AND ${ids} ORDER BY user_id LIMIT $6`;

const byState = `SELECT membership_id FROM memberships
  WHERE program_id <> '' AND program_id = $2 AND state = $7 AND ${ids} ORDER BY user_id LIMIT $6`;

const byAttribute = `SELECT membership_id FROM member_attributes
  WHERE program_id <> '' AND program_id = $2 AND key = $7 AND value = $8
    AND ($9::text IS NULL OR state = $9) AND ${ids}
  ORDER BY user_id LIMIT $6`;

const joined = 'join_time >= $3 AND join_time < $4 AND (join_time, user_id) > ($5, $6)';
const earliest = 'ORDER BY join_time, user_id LIMIT $7';

// The earliest in each state, and then of all.
const joinedInStates = `SELECT membership_id FROM unnest($8::text[]) AS states (asked)
  CROSS JOIN LATERAL (
    SELECT membership_id, join_time, user_id FROM memberships
    WHERE program_id = $2 AND state = asked AND ${joined} ${earliest}
  ) AS members
  ${earliest}`;

const joinedWithAttribute = `SELECT membership_id FROM member_attributes
  WHERE program_id = $2 AND key = $9 AND value = $10 AND ${joined}
    AND state = ANY ($8) AND starts_with(user_id, $11)
  ${earliest}`;

// Each page reads all members with the prefix: no index finds them in the order of join times.
const joinedWithPrefix = `SELECT membership_id FROM unnest($8::text[]) AS states (asked)
  CROSS JOIN LATERAL (
    SELECT membership_id, join_time, user_id FROM memberships
    WHERE program_id <> '' AND program_id = $2 AND state = asked AND user_id >= $9 AND user_id < $10
    ${perRow}
  ) AS members
  WHERE ${joined}
  ${earliest}`;

/**
 * The members of a program that a filter leaves. They are found by the filter that is likely to leave the fewest: the
 * attribute, or else the prefix, the state, the join time. The others are checked on what it finds.
 */
export function readMembers(query: MembersQuery): AccountQuery {
  return query.joinStartTime === undefined && query.joinEndTime === undefined
    ? readByUserId(query)
    : readByJoinTime(query);
}

function readByUserId(query: MembersQuery): AccountQuery {
  const { programId, userIdPrefix = '', attribute, state, limit, after, now } = query;
  const order = 'user_id';
  const values = [programId, ...rangeOf(userIdPrefix), after?.userId ?? '', limit];
  if (attribute !== undefined) {
    return {
      name: 'read_accounts_by_attribute',
      members: byAttribute,
      order,
      values: [...values, attribute.key, attribute.value, state ?? null],
      now,
    };
  }
  if (state !== undefined) {
    const name = 'read_accounts_by_state';
    return { name, members: byState, order, values: [...values, state], now };
  }
  return { name: 'read_accounts_of_program', members: byUserId, order, values, now };
}

function readByJoinTime(query: MembersQuery): AccountQuery {
  const { userIdPrefix = '', attribute, state, joinStartTime, joinEndTime, after, now } = query;
  const order = 'join_time, memberships.user_id';
  const values = [
    query.programId,
    timestamptz(joinStartTime ?? beginningOfTime),
    timestamptz(joinEndTime ?? endOfTime),
    timestamptz(after?.joinTime ?? beginningOfTime),
    after?.userId ?? '',
    query.limit,
    state === undefined ? allStates : [state],
  ];
  if (attribute !== undefined) {
    return {
      name: 'read_accounts_by_attribute_and_join_time',
      members: joinedWithAttribute,
      order,
      values: [...values, attribute.key, attribute.value, userIdPrefix],
      now,
    };
  }
  if (userIdPrefix !== '') {
    return {
      name: 'read_accounts_by_prefix_and_join_time',
      members: joinedWithPrefix,
      order,
      values: [...values, ...rangeOf(userIdPrefix)],
      now,
    };
  }
  return { name: 'read_accounts_by_join_time', members: joinedInStates, order, values, now };
}

/** From which user id on, and before which, ids begin with the prefix. */
function rangeOf(prefix: string): [from: string, before: string] {
  return [prefix, `${prefix}${lastCharacter}`];
}
