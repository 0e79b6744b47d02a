import { timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { beginningOfTime, endOfTime } from '@loyalty/rules/instant.ts';
import type { Pool } from 'pg';
import type { LedgerReader } from '../app/ledger-store.ts';
import type { MembershipState } from '../domain/membership.ts';
import { perRow } from './plan-forms.ts';
import { type AccountQuery, createAccountReader } from './read-accounts.ts';

/** Reads of several accounts. */
export function memberReads(
  pool: Pool,
): Pick<LedgerReader, 'accountsOfUser' | 'accountsOfProgram'> {
  const accounts = createAccountReader(pool);
  return {
    accountsOfUser: (query) => accounts(readAccountsOfUser(query)),
    accountsOfProgram: (query) => accounts(readMembers(query)),
  };
}

type MembersQuery = Parameters<LedgerReader['accountsOfProgram']>[0];

/** The last character of Unicode: ids that begin with a prefix come before the prefix followed by it. */
const lastCharacter = '\u{10FFFF}';

const allStates: readonly MembershipState[] = ['ACTIVE', 'SUSPENDED', 'LEFT'];

/** The first members in each of the states in a parameter, and then of all. */
const firstInStates = (states: string, { from, where, order }: Record<string, string>) =>
  `SELECT membership_id FROM unnest(${states}::text[]) AS states (asked)
    CROSS JOIN LATERAL (
      SELECT membership_id, join_time, user_id FROM ${from}
      WHERE program_id = $2 AND state = asked AND ${where} ${order}
    ) AS members
    ${order}`;

const ids = 'user_id >= $3 AND user_id < $4 AND user_id > $5';
const byId = 'ORDER BY user_id LIMIT $6';

const ofProgram = `SELECT membership_id FROM member_ids WHERE program_id = $2 AND ${ids} ${byId}`;

const inState = `SELECT membership_id FROM memberships
  WHERE program_id <> '' AND program_id = $2 AND state = $7 AND ${ids} ${byId}`;

const withAttribute = firstInStates('$7', {
  from: 'member_attributes',
  where: `program_id <> '' AND key = $8 AND value = $9 AND ${ids}`,
  order: byId,
});

const joined = 'join_time >= $3 AND join_time < $4 AND (join_time, user_id) > ($5, $6)';
const earliest = 'ORDER BY join_time, user_id LIMIT $7';

const joinedInStates = firstInStates('$8', { from: 'memberships', where: joined, order: earliest });

const joinedWithAttribute = firstInStates('$8', {
  from: 'member_attributes',
  where: `key = $9 AND value = $10 AND ${joined} AND starts_with(user_id, $11)`,
  order: earliest,
});

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
 * The members of a program that a filter leaves, each combination by an index in its order. Only a prefix with a join time
 * has none: it is checked on the members with the attribute, or else the join time is on those with the prefix.
 */
function readMembers(query: MembersQuery): AccountQuery {
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
      members: withAttribute,
      order,
      values: [...values, statesOf(query), attribute.key, attribute.value],
      now,
    };
  }
  if (state !== undefined) {
    const name = 'read_accounts_by_state';
    return { name, members: inState, order, values: [...values, state], now };
  }
  return { name: 'read_accounts_of_program', members: ofProgram, order, values, now };
}

function readByJoinTime(query: MembersQuery): AccountQuery {
  const { userIdPrefix = '', attribute, joinStartTime, joinEndTime, after, now } = query;
  const order = 'join_time, memberships.user_id';
  const values = [
    query.programId,
    timestamptz(joinStartTime ?? beginningOfTime),
    timestamptz(joinEndTime ?? endOfTime),
    timestamptz(after?.joinTime ?? beginningOfTime),
    after?.userId ?? '',
    query.limit,
    statesOf(query),
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

function statesOf({ state }: MembersQuery): readonly MembershipState[] {
  return state === undefined ? allStates : [state];
}

/** The range of user ids that begin with the prefix: from the first text up to, and not including, the second. */
function rangeOf(prefix: string): [from: string, before: string] {
  return [prefix, `${prefix}${lastCharacter}`];
}

function readAccountsOfUser({
  userId,
  programs,
  now,
  limit,
  after,
}: Parameters<LedgerReader['accountsOfUser']>[0]): AccountQuery {
  return {
    name: 'read_accounts_of_user',
    // The first condition is that of the index by user, which serves no statement without it.
    members: `SELECT membership_id FROM member_ids
      WHERE user_id <> '' AND user_id = $2 AND program_id > $3
        AND ($4::text[] IS NULL OR program_id = ANY($4))
      ORDER BY program_id LIMIT $5`,
    order: 'program_id',
    values: [userId, after ?? '', programs ?? null, limit],
    now,
  };
}
