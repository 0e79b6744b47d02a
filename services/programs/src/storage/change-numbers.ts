import type { Knex } from 'knex';
import type { ProgramRevision, ProgramRevisions, RevisionQuery } from '../app/program-store.ts';

/**
 * Names the history in which revisions and change numbers count. It changes whenever the database may have been restored:
 * a dump or a template database puts the table into another file, and a data directory is replaced, rewound or promoted
 * only with a server that started at another time. A plain restart changes it too: nothing distinguishes it from one on
 * an older copy of the same directory.
 */
const epoch = `concat(
  pg_relation_filepath('change_number'), '@', extract(epoch from pg_postmaster_start_time())
)`;

export async function selectEpoch(db: Knex): Promise<string> {
  const row = await db.select(db.raw(`${epoch} as epoch`)).first<{ epoch: string }>();
  return row.epoch;
}

/** Holds up all other changes until the transaction ends. */
export async function takeChangeNumber(tx: Knex): Promise<bigint> {
  const [row] = await tx('change_number')
    .update({ n: tx.raw('n + 1') })
    .returning<{ n: bigint }[]>('n');
  if (row === undefined) throw new Error('the table change_number has lost its row');
  return row.n;
}

interface RevisionRow {
  n: bigint;
  epoch: string;
  program_id: string | null;
  revision: bigint;
  change_number: bigint;
}

export async function selectRevisions(db: Knex, query: RevisionQuery): Promise<ProgramRevisions> {
  // One statement, so that the newest number and the changes are read at the same instant.
  const { rows } = await db.raw<{ rows: RevisionRow[] }>(
    `select head.n, head.epoch, program_id, revision, change_number
     from (select n, ${epoch} as epoch from change_number) as head
     left join lateral (
       select program_id, revision, change_number
       from program_changes
       where head.epoch = :epoch and change_number > :after
       order by change_number
       limit :limit
     ) as changes on true
     order by change_number`,
    { epoch: query.epoch, after: String(query.after), limit: query.limit },
  );
  const [first] = rows;
  if (first === undefined) throw new Error('the table change_number has lost its row');
  const changes = rows.filter(({ program_id }) => program_id !== null);
  return {
    epoch: first.epoch,
    changeNumber: changes.at(-1)?.change_number ?? first.n,
    revisions: newestOf(changes),
  };
}

function newestOf(changes: readonly RevisionRow[]): ProgramRevision[] {
  const revisions = new Map(changes.map(({ program_id, revision }) => [program_id, revision]));
  return [...revisions].map(([programId, revision]) => ({ programId: programId ?? '', revision }));
}
