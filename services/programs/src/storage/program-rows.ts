import { instant, timestamptz, type Written } from '@loyalty/platform/postgres/timestamptz.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { type Page, pageOf } from '@loyalty/rules/page.ts';
import type { Knex } from 'knex';
import type { ProgramQuery } from '../app/program-store.ts';
import {
  type Enrollment,
  type Program,
  type ProgramState,
  programNotices,
} from '../domain/program.ts';

interface ProgramRow {
  program_id: string;
  display_name: string;
  description: string;
  unit_singular: string;
  unit_plural: string;
  state: ProgramState;
  time_zone: string;
  enrollment: Enrollment;
  earns_per_minute: number;
  redemptions_per_minute: number;
  metadata: Record<string, string>;
  notice_expiring_days: number;
  notice_maturing_days: number;
  revision: bigint;
  changed_in: bigint;
  create_time: Date;
  update_time: Date;
}

type ReadProgramRow = ProgramRow & { active_rule_set_version: number };

/** The version in force at an instant: the latest effective time, of equal ones the higher version. */
const versionInForce = `coalesce((
  select version from rule_sets
  where rule_sets.program_id = programs.program_id and effective_time <= ? and withdraw_time is null
  order by effective_time desc, version desc limit 1
), 0) as active_rule_set_version`;

export async function selectProgram(
  db: Knex,
  { programId, at }: { programId: string; at: Instant },
): Promise<Program | undefined> {
  const row = await db('programs')
    .select<ReadProgramRow[]>('programs.*', db.raw(versionInForce, [timestamptz(at)]))
    .where('program_id', programId)
    .first<ReadProgramRow | undefined>();
  return row === undefined ? undefined : programOf(row);
}

/** Locks the program's row until the transaction ends; false if there is none. */
export async function lockProgram(db: Knex, programId: string): Promise<boolean> {
  const rows = await db('programs').select('program_id').where('program_id', programId).forUpdate();
  return rows.length > 0;
}

export async function selectPrograms(db: Knex, query: ProgramQuery): Promise<Page<Program>> {
  const { programIds, states, after, limit, at } = query;
  const rows = await db('programs')
    .select<ReadProgramRow[]>('programs.*', db.raw(versionInForce, [timestamptz(at)]))
    .modify((builder) => {
      if (programIds !== undefined) builder.whereIn('program_id', [...programIds]);
      if (states !== undefined) builder.whereIn('state', states);
      if (after !== undefined) builder.where('program_id', '>', after);
    })
    .orderBy('program_id')
    .limit(limit + 1);
  return pageOf(rows.map(programOf), limit);
}

export async function insertProgram(db: Knex, program: Program): Promise<void> {
  await db('programs').insert(rowOf(program));
}

export async function updateProgram(db: Knex, program: Program): Promise<void> {
  const { program_id, create_time, ...rest } = rowOf(program);
  await db('programs').update(rest).where({ program_id });
}

/** Moves a program to a new revision without changing the program itself. */
export async function updateRevision(
  db: Knex,
  { programId, revision }: { programId: string; revision: bigint },
): Promise<void> {
  await db('programs').update({ revision }).where('program_id', programId);
}

function rowOf(program: Program): Written<ProgramRow> {
  return {
    program_id: program.programId,
    display_name: program.displayName,
    description: program.description,
    unit_singular: program.unit.singular,
    unit_plural: program.unit.plural,
    state: program.state,
    time_zone: program.timeZone,
    enrollment: program.enrollment,
    earns_per_minute: program.limits.earnsPerMinute,
    redemptions_per_minute: program.limits.redemptionsPerMinute,
    metadata: program.metadata,
    notice_expiring_days: program.notices?.expiringDays ?? 0,
    notice_maturing_days: program.notices?.maturingDays ?? 0,
    revision: program.revision,
    changed_in: program.changedIn,
    create_time: timestamptz(program.createTime),
    update_time: timestamptz(program.updateTime),
  };
}

function programOf(row: ReadProgramRow): Program {
  return {
    programId: row.program_id,
    displayName: row.display_name,
    description: row.description,
    unit: { singular: row.unit_singular, plural: row.unit_plural },
    state: row.state,
    timeZone: row.time_zone,
    enrollment: row.enrollment,
    limits: {
      earnsPerMinute: row.earns_per_minute,
      redemptionsPerMinute: row.redemptions_per_minute,
    },
    metadata: row.metadata,
    notices: programNotices({
      expiringDays: row.notice_expiring_days,
      maturingDays: row.notice_maturing_days,
    }),
    activeRuleSetVersion: row.active_rule_set_version,
    revision: row.revision,
    changedIn: row.changed_in,
    createTime: instant(row.create_time),
    updateTime: instant(row.update_time),
  };
}
