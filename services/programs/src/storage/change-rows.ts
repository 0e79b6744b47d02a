import { instant, timestamptz } from '@loyalty/platform/postgres/timestamptz.ts';
import { type Page, pageOf } from '@loyalty/rules/page.ts';
import type { Knex } from 'knex';
import type { ChangeQuery } from '../app/program-store.ts';
import type { ChangeRecord, ChangeVerb, FieldChange } from '../domain/change.ts';

interface ChangeRow {
  program_id: string;
  revision: bigint;
  verb: ChangeVerb;
  rule_set_version: number | null;
  reward_id: string | null;
  fields: FieldChange[];
  actor: string;
  request_id: string;
  change_time: Date;
  copied_from_version: number | null;
}

export async function insertChange(
  db: Knex,
  record: ChangeRecord & { changeNumber: bigint },
): Promise<void> {
  await db('program_changes').insert({
    program_id: record.programId,
    revision: record.revision,
    change_number: record.changeNumber,
    verb: record.verb,
    rule_set_version: record.ruleSetVersion ?? null,
    reward_id: record.rewardId ?? null,
    // An array would become one of PostgreSQL's.
    fields: JSON.stringify(record.fields),
    actor: record.actor,
    request_id: record.requestId,
    change_time: timestamptz(record.time),
    copied_from_version: record.copiedFromVersion ?? null,
  });
}

export async function selectChanges(db: Knex, query: ChangeQuery): Promise<Page<ChangeRecord>> {
  const { programId, before, limit } = query;
  const rows = await db('program_changes')
    .select<ChangeRow[]>('*')
    .where('program_id', programId)
    .modify((builder) => {
      if (before !== undefined) builder.where('revision', '<', String(before));
    })
    .orderBy('revision', 'desc')
    .limit(limit + 1);
  return pageOf(rows.map(recordOf), limit);
}

function recordOf(row: ChangeRow): ChangeRecord {
  return {
    programId: row.program_id,
    revision: row.revision,
    verb: row.verb,
    ruleSetVersion: row.rule_set_version ?? undefined,
    rewardId: row.reward_id ?? undefined,
    copiedFromVersion: row.copied_from_version ?? undefined,
    fields: row.fields,
    actor: row.actor,
    requestId: row.request_id,
    time: instant(row.change_time),
  };
}
