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
   * Asks for a program. Rule sets and rewards that haven't changed since the known revision are left out; 0 leaves
   * nothing out.
   *
   * @throws {ProgramNotFound} {@link ProgramsUnavailable}
   */
  snapshot(query: {
    programId: string;
    knownRevision: bigint;
  }): Promise<GetProgramSnapshotResponse>;
  /** How far these programs have come, as far as there are such. Rejects when it can't be asked. */
  revisions(programIds: readonly string[]): Promise<ProgramRevision[]>;
}

/** The largest program takes seconds where all are busy. */
const snapshotTimeoutMs = 10_000;
/** What takes longer than a version waits before it counts is better asked anew, perhaps of another replica. */
const revisionsTimeoutMs = 2_000;
/** How many revisions can be asked for in one call. */
const revisionsMax = 1_000;

/** The Programs service, asked over gRPC. `token` answers the bearer token of the ledger's own calls. */
export function createProgramSource(deps: {
  client: Pick<Client<typeof ProgramService>, 'getProgramSnapshot' | 'listProgramRevisions'>;
  token: () => Promise<string>;
  /** Aborted when the process stops: nobody waits for an answer then. */
  signal: AbortSignal;
}): ProgramSource {
  const call = async (timeoutMs: number) => ({
    token: await deps.token(),
    deadlineMs: Date.now() + timeoutMs,
    signal: deps.signal,
  });
  return {
    async snapshot(query) {
      try {
        return await deps.client.getProgramSnapshot(query, await call(snapshotTimeoutMs));
      } catch (error) {
        throw isNotFound(error)
          ? new ProgramNotFound(query.programId)
          : new ProgramsUnavailable(query.programId, error);
      }
    },

    async revisions(programIds) {
      const found: ProgramRevision[] = [];
      for (let start = 0; start < programIds.length; start += revisionsMax) {
        const answer = await deps.client.listProgramRevisions(
          { programIds: programIds.slice(start, start + revisionsMax) },
          await call(revisionsTimeoutMs),
        );
        found.push(...answer.revisions);
      }
      return found;
    },
  };
}

function isNotFound(error: unknown): boolean {
  return Error.isError(error) && 'reason' in error && error.reason === 'PROGRAM_NOT_FOUND';
}
