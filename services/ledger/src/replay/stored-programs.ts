import { fromBinary } from '@bufbuild/protobuf';
import type { DbTransaction } from '@loyalty/platform/postgres/transaction.ts';
import { GetProgramSnapshotResponseSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { LRUCache } from 'lru-cache';
import type { ProgramDefinition } from '../app/program-catalog.ts';
import { definitionOf } from '../catalog/program-definition.ts';

/** Finds the definition of a program, with all of its published versions; undefined where none can be read. */
export type FindProgram = (
  programId: string,
  tx: DbTransaction,
) => Promise<ProgramDefinition | undefined>;

/** How many compiled programs are kept in memory. */
const compiledMax = 100;

/** The definitions that the ledger's own database keeps. */
export function storedPrograms(): FindProgram {
  const compiled = new LRUCache<string, ProgramDefinition>({ max: compiledMax });
  return async (programId, tx) => {
    const known = compiled.get(programId);
    // A program can change while its members are replayed.
    const { rows } = await tx.query<{ snapshot: Buffer }>({
      name: 'replay_program',
      text: 'SELECT snapshot FROM program_snapshots WHERE program_id = $1 AND revision > $2',
      values: [programId, known?.revision ?? -1n],
    });
    const [newer] = rows;
    if (newer === undefined) return known;
    const program = readSnapshot(newer.snapshot);
    if (program !== undefined) compiled.set(programId, program);
    return program;
  };
}

function readSnapshot(snapshot: Uint8Array): ProgramDefinition | undefined {
  try {
    return definitionOf(fromBinary(GetProgramSnapshotResponseSchema, snapshot));
  } catch {
    return undefined;
  }
}
