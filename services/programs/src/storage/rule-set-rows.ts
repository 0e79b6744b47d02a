import {
  instant,
  instantOrUndefined,
  timestamptz,
  timestamptzOrNull,
  type Written,
} from '@loyalty/platform/postgres/timestamptz.ts';
import type { RuleSet } from '@loyalty/rules/language.ts';
import { type Page, pageOf } from '@loyalty/rules/page.ts';
import type { Knex } from 'knex';
import type { DefinitionCodec } from '../app/definition-codec.ts';
import type { RuleSetQuery } from '../app/program-store.ts';
import type { RuleSetVersion } from '../domain/rule-set.ts';
import { definitionBytes } from './definition-bytes.ts';

interface RuleSetRow {
  program_id: string;
  version: number;
  definition: unknown;
  time_zone: string | null;
  effective_time: Date | null;
  publish_time: Date | null;
  withdraw_time: Date | null;
  changed_in: bigint;
  create_time: Date;
  update_time: Date;
}

interface ChangedQuery {
  readonly programId: string;
  readonly changedAfter: bigint;
}

/** Reads and writes the table `rule_sets`. */
export function ruleSetRows(definitions: DefinitionCodec<RuleSet>) {
  const ruleSetOf = (row: RuleSetRow): RuleSetVersion => ({
    programId: row.program_id,
    version: row.version,
    definition: definitions.fromJson(row.definition),
    timeZone: row.time_zone ?? undefined,
    effectiveTime: instantOrUndefined(row.effective_time),
    publishTime: instantOrUndefined(row.publish_time),
    withdrawTime: instantOrUndefined(row.withdraw_time),
    changedIn: row.changed_in,
    createTime: instant(row.create_time),
    updateTime: instant(row.update_time),
  });

  const rowOf = (ruleSet: RuleSetVersion): Written<RuleSetRow> => ({
    program_id: ruleSet.programId,
    version: ruleSet.version,
    definition: definitions.toJson(ruleSet.definition),
    time_zone: ruleSet.timeZone ?? null,
    effective_time: timestamptzOrNull(ruleSet.effectiveTime),
    publish_time: timestamptzOrNull(ruleSet.publishTime),
    withdraw_time: timestamptzOrNull(ruleSet.withdrawTime),
    changed_in: ruleSet.changedIn,
    create_time: timestamptz(ruleSet.createTime),
    update_time: timestamptz(ruleSet.updateTime),
  });

  return {
    async find(
      db: Knex,
      { programId, version }: { programId: string; version: number },
    ): Promise<RuleSetVersion | undefined> {
      const row = await db('rule_sets')
        .where({ program_id: programId, version })
        .first<RuleSetRow | undefined>();
      return row === undefined ? undefined : ruleSetOf(row);
    },

    async list(db: Knex, query: RuleSetQuery): Promise<Page<RuleSetVersion>> {
      const { programId, before, limit } = query;
      const rows = await db('rule_sets')
        .select<RuleSetRow[]>('*')
        .where('program_id', programId)
        .modify((builder) => {
          if (before !== undefined) builder.where('version', '<', before);
        })
        .orderBy('version', 'desc')
        .limit(limit + 1);
      return pageOf(rows.map(ruleSetOf), limit);
    },

    /** Withdrawn ones too. */
    async listPublished(db: Knex, query: ChangedQuery): Promise<RuleSetVersion[]> {
      const { programId, changedAfter } = query;
      const rows = await db('rule_sets')
        .select<RuleSetRow[]>('*')
        .where('program_id', programId)
        .whereNotNull('publish_time')
        .where('changed_in', '>', String(changedAfter))
        .orderBy('version');
      return rows.map(ruleSetOf);
    },

    async lastVersion(db: Knex, programId: string): Promise<number> {
      const row = await db('rule_sets')
        .where('program_id', programId)
        .max<{ version: number | null }[]>('version as version')
        .first<{ version: number | null }>();
      return row.version ?? 0;
    },

    async hasPublished(db: Knex, programId: string): Promise<boolean> {
      const row = await db('rule_sets')
        .select('version')
        .where('program_id', programId)
        .whereNotNull('publish_time')
        .whereNull('withdraw_time')
        .first<{ version: number } | undefined>();
      return row !== undefined;
    },

    /** What the published definitions take as JSON, withdrawn ones too. */
    async publishedBytes(db: Knex, programId: string): Promise<number> {
      const row = await db('rule_sets')
        .select(db.raw(definitionBytes))
        .where('program_id', programId)
        .whereNotNull('publish_time')
        .first<{ bytes: bigint }>();
      return Number(row.bytes);
    },

    async insert(db: Knex, ruleSet: RuleSetVersion): Promise<void> {
      await db('rule_sets').insert(rowOf(ruleSet));
    },

    async update(db: Knex, ruleSet: RuleSetVersion): Promise<void> {
      const { program_id, version, create_time, ...rest } = rowOf(ruleSet);
      await db('rule_sets').update(rest).where({ program_id, version });
    },
  };
}

export type RuleSetRows = ReturnType<typeof ruleSetRows>;
