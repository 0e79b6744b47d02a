import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { MemberName } from '../app/ledger-store.ts';
import { perRow } from './plan-forms.ts';

/** Identifies a member among Map keys. Neither id can contain a NUL. */
export function memberKey({ programId, userId }: MemberName): string {
  return `${programId}\0${userId}`;
}

/** Membership ids of users, cached: a user of a program always has the same one. */
export interface MembershipIds {
  /** The ids of those who are members, by {@link memberKey}. */
  find(members: readonly MemberName[]): Promise<Map<string, bigint>>;
  /** Ids for new memberships; one that isn't used is lost, which is harmless. */
  make(count: number): Promise<bigint[]>;
  remember(member: MemberName, membershipId: bigint): void;
}

const rememberedMax = 200_000;

export function createMembershipIds(pool: Pool): MembershipIds {
  const remembered = new LRUCache<string, bigint>({ max: rememberedMax });

  return {
    async find(members) {
      const ids = new Map<string, bigint>();
      const unknown = new Map<string, MemberName>();
      for (const member of members) {
        const key = memberKey(member);
        const id = remembered.get(key);
        if (id === undefined) unknown.set(key, member);
        else ids.set(key, id);
      }
      if (unknown.size === 0) return ids;
      const { rows } = await pool.query<{
        program_id: string;
        user_id: string;
        membership_id: bigint;
      }>({
        name: 'find_membership_ids',
        text: `SELECT member_ids.*
          FROM unnest($1::text[], $2::text[]) AS names (program_id, user_id)
          CROSS JOIN LATERAL (
            SELECT * FROM member_ids
            WHERE program_id = names.program_id AND user_id = names.user_id ${perRow}
          ) AS member_ids`,
        values: [
          [...unknown.values()].map(({ programId }) => programId),
          [...unknown.values()].map(({ userId }) => userId),
        ],
      });
      for (const row of rows) {
        const key = memberKey({ programId: row.program_id, userId: row.user_id });
        remembered.set(key, row.membership_id);
        ids.set(key, row.membership_id);
      }
      return ids;
    },

    async make(count) {
      const { rows } = await pool.query<{ id: bigint }>({
        name: 'make_membership_ids',
        text: `SELECT nextval('membership_ids') AS id FROM generate_series(1, $1)`,
        values: [count],
      });
      return rows.map(({ id }) => id);
    },

    remember(member, membershipId) {
      remembered.set(memberKey(member), membershipId);
    },
  };
}
