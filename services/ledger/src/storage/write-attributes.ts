import type { Account } from '../domain/journal.ts';
import type { Membership } from '../domain/membership.ts';
import { bulk } from './bulk.ts';
import type { Changed } from './layered-map.ts';
import { sameKey } from './plan-forms.ts';

interface MemberAttribute {
  readonly account: Account;
  readonly key: string;
  readonly value: string;
}

const columns = bulk<MemberAttribute>({
  membership_id: ['bigint', ({ account }) => account.membership.membershipId],
  key: ['text', ({ key }) => key],
  value: ['text', ({ value }) => value],
  program_id: ['text', ({ account }) => account.membership.programId],
  user_id: ['text', ({ account }) => account.membership.userId],
  state: ['text', ({ account }) => account.membership.state],
  join_time: ['timestamptz', ({ account }) => account.membership.joinTime],
});

const insertAttributes = `INSERT INTO member_attributes (${columns.names})
  SELECT * FROM ${columns.source}`;

const deleteAttributes = `DELETE FROM member_attributes USING ${columns.source}
  WHERE ${sameKey('member_attributes', ['membership_id', 'key'])}`;

/** Writes which members have which attribute, with their state and join time; nothing for accounts where all stay. */
export function attributeStatements(accounts: readonly Changed<Account>[]) {
  const changed = accounts.filter(
    ({ before, after }) =>
      before?.membership.attributes !== after.membership.attributes ||
      !areListedAlike(before.membership, after.membership),
  );
  const removed = changed.flatMap(({ before, after }) => missing(before, after));
  const added = changed.flatMap(({ before, after }) => missing(after, before));
  return [
    removed.length > 0
      ? columns.statement('delete_member_attributes', deleteAttributes, removed)
      : undefined,
    added.length > 0
      ? columns.statement('insert_member_attributes', insertAttributes, added)
      : undefined,
  ];
}

/** The attributes of one account that the other doesn't have with the same state and join time. */
function missing(account: Account | undefined, other: Account | undefined): MemberAttribute[] {
  if (account === undefined) return [];
  const { membership } = account;
  const known =
    other !== undefined && areListedAlike(other.membership, membership)
      ? other.membership.attributes
      : {};
  return Object.entries(membership.attributes)
    .filter(([key, value]) => !(Object.hasOwn(known, key) && known[key] === value))
    .map(([key, value]) => ({ account, key, value }));
}

/** Whether the rows of an attribute that both have are the same. */
function areListedAlike(one: Membership, other: Membership): boolean {
  return one.state === other.state && one.joinTime === other.joinTime;
}
