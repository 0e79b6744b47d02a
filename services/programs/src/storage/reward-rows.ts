import { instant, timestamptz, type Written } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Reward as RewardDefinition } from '@loyalty/rules/language.ts';
import { type Page, pageOf } from '@loyalty/rules/page.ts';
import type { Knex } from 'knex';
import type { DefinitionCodec } from '../app/definition-codec.ts';
import type { RewardQuery } from '../app/program-store.ts';
import type { Reward, RewardState } from '../domain/reward.ts';
import { definitionBytes } from './definition-bytes.ts';

interface RewardRow {
  program_id: string;
  reward_id: string;
  state: RewardState;
  definition: unknown;
  changed_in: bigint;
  create_time: Date;
  update_time: Date;
}

interface ChangedQuery {
  readonly programId: string;
  readonly changedAfter: bigint;
}

/** Reads and writes the table `rewards`. */
export function rewardRows(definitions: DefinitionCodec<RewardDefinition>) {
  const rewardOf = (row: RewardRow): Reward => ({
    programId: row.program_id,
    rewardId: row.reward_id,
    state: row.state,
    definition: definitions.fromJson(row.definition),
    changedIn: row.changed_in,
    createTime: instant(row.create_time),
    updateTime: instant(row.update_time),
  });

  const rowOf = (reward: Reward): Written<RewardRow> => ({
    program_id: reward.programId,
    reward_id: reward.rewardId,
    state: reward.state,
    definition: definitions.toJson(reward.definition),
    changed_in: reward.changedIn,
    create_time: timestamptz(reward.createTime),
    update_time: timestamptz(reward.updateTime),
  });

  return {
    async find(
      db: Knex,
      { programId, rewardId }: { programId: string; rewardId: string },
    ): Promise<Reward | undefined> {
      const row = await db('rewards')
        .where({ program_id: programId, reward_id: rewardId })
        .first<RewardRow | undefined>();
      return row === undefined ? undefined : rewardOf(row);
    },

    async list(db: Knex, query: RewardQuery): Promise<Page<Reward>> {
      const { programId, states, after, limit } = query;
      const rows = await db('rewards')
        .select<RewardRow[]>('*')
        .where('program_id', programId)
        .modify((builder) => {
          if (states !== undefined) builder.whereIn('state', states);
          if (after !== undefined) builder.where('reward_id', '>', after);
        })
        .orderBy('reward_id')
        .limit(limit + 1);
      return pageOf(rows.map(rewardOf), limit);
    },

    async listAll(db: Knex, query: ChangedQuery): Promise<Reward[]> {
      const { programId, changedAfter } = query;
      const rows = await db('rewards')
        .select<RewardRow[]>('*')
        .where('program_id', programId)
        .where('changed_in', '>', String(changedAfter))
        .orderBy('reward_id');
      return rows.map(rewardOf);
    },

    async count(db: Knex, programId: string): Promise<number> {
      const row = await db('rewards')
        .where('program_id', programId)
        .count<{ count: bigint }[]>('* as count')
        .first<{ count: bigint }>();
      return Number(row.count);
    },

    /** What all definitions take as JSON. */
    async bytes(db: Knex, programId: string): Promise<number> {
      const row = await db('rewards')
        .select(db.raw(definitionBytes))
        .where('program_id', programId)
        .first<{ bytes: bigint }>();
      return Number(row.bytes);
    },

    async insert(db: Knex, reward: Reward): Promise<void> {
      await db('rewards').insert(rowOf(reward));
    },

    async update(db: Knex, reward: Reward): Promise<void> {
      const { program_id, reward_id, create_time, ...rest } = rowOf(reward);
      await db('rewards').update(rest).where({ program_id, reward_id });
    },
  };
}

export type RewardRows = ReturnType<typeof rewardRows>;
