import type { Client } from '@loyalty/platform/rpc/client.ts';
import type {
  GetProgramSnapshotResponse,
  ProgramService,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { ProgramRevision } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';

/** Where programs are defined. */
export interface ProgramSource {
  /**
   * Asks for a program.
   *
   * @throws {ProgramNotFound} {@link ProgramsUnavailable}
   */
  snapshot(programId: string): Promise<GetProgramSnapshotResponse>;
  /** How far these programs have come, as far as there are such. Rejects when it can't be asked. */
  revisions(programIds: readonly string[]): Promise<ProgramRevision[]>;
}

/** Earns wait for the answer when a program isn't known here yet. */
const timeoutMs = 1_000;
/** How many revisions can be asked for in one call. */
const revisionsMax = 1_000;

/** The Programs service, asked over gRPC. `token` answers the bearer token of the ledger's own calls. */
export function createProgramSource(deps: {
  client: Pick<Client<typeof ProgramService>, 'getProgramSnapshot' | 'listProgramRevisions'>;
  token: () => Promise<string>;
}): ProgramSource {
  const call = async () => ({ token: await deps.token(), deadlineMs: Date.now() + timeoutMs });
  return {
    async snapshot(programId) {
      try {
        return await deps.client.getProgramSnapshot({ programId }, await call());
      } catch (error) {
        throw isNotFound(error)
          ? new ProgramNotFound(programId)
          : new ProgramsUnavailable(programId, error);
      }
    },

    async revisions(programIds) {
      const found: ProgramRevision[] = [];
      for (let start = 0; start < programIds.length; start += revisionsMax) {
        const asked = programIds.slice(start, start + revisionsMax);
        const answer = await deps.client.listProgramRevisions({ programIds: asked }, await call());
        found.push(...answer.revisions);
      }
      return found;
    },
  };
}

function isNotFound(error: unknown): boolean {
  return Error.isError(error) && 'reason' in error && error.reason === 'PROGRAM_NOT_FOUND';
}
