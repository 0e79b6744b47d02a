import type { Knex } from 'knex';
import type { ProgramSnapshots } from '../app/program-snapshots.ts';
import { translated } from './storage-errors.ts';

/** The table of the last known definitions of programs. */
export function createProgramSnapshots(knex: Knex): ProgramSnapshots {
  return {
    async find(programId) {
      const row = await translated(
        knex('program_snapshots')
          .where({ program_id: programId })
          .first<{ snapshot: Buffer } | undefined>('snapshot'),
      );
      return row?.snapshot;
    },

    async listRevisions({ limit }) {
      const rows = await translated(
        knex('program_snapshots')
          .select<{ program_id: string; epoch: string; revision: bigint }[]>(
            'program_id',
            'epoch',
            'revision',
          )
          .orderBy('program_id')
          .limit(limit),
      );
      return rows.map(({ program_id: programId, ...rest }) => ({ programId, ...rest }));
    },

    async keep({ programId, epoch, revision, content, noticeDays }) {
      await translated(
        knex('program_snapshots')
          .insert({
            program_id: programId,
            epoch,
            revision,
            snapshot: Buffer.from(content),
            update_time: new Date(),
            notice_days: noticeDays,
          })
          .onConflict('program_id')
          .merge()
          // Replicas learn of a change at the same time and may write in any order.
          .whereRaw(
            'program_snapshots.epoch <> excluded.epoch or program_snapshots.revision < excluded.revision',
          ),
      );
    },
  };
}
