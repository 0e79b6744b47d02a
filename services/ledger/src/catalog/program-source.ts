import type { Client } from '@loyalty/platform/rpc/client.ts';
import type {
  GetProgramSnapshotResponse,
  ListProgramRevisionsResponse,
  ProgramService,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';

/** Where programs are defined. */
export interface ProgramSource {
  /**
   * Asks for a program. Rule sets and rewards that haven't changed since the known revision of this epoch are left out; 0
   * leaves nothing out.
   *
   * @throws {ProgramNotFound} {@link ProgramsUnavailable}
   */
  snapshot(query: {
    programId: string;
    epoch: string;
    knownRevision: bigint;
  }): Promise<GetProgramSnapshotResponse>;
  /** Asks what has changed after a number of this epoch. Rejects when it can't be asked. */
  revisions(query: { epoch: string; after: bigint }): Promise<ListProgramRevisionsResponse>;
}

/** The largest program takes seconds where all are busy. */
const snapshotTimeoutMs = 10_000;
/**
 * A request that takes longer than a version waits before it takes effect is better repeated, perhaps at another
 * replica.
 */
const revisionsTimeoutMs = 2_000;

/** The Programs service over gRPC. `token` returns the bearer token of the ledger's own calls. */
export function createProgramSource(deps: {
  client: Pick<Client<typeof ProgramService>, 'getProgramSnapshot' | 'listProgramRevisions'>;
  token: () => Promise<string>;
  /** Aborted when the process stops, because nobody waits for a response then. */
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

    async revisions(query) {
      return await deps.client.listProgramRevisions(query, await call(revisionsTimeoutMs));
    },
  };
}

function isNotFound(error: unknown): boolean {
  return Error.isError(error) && 'reason' in error && error.reason === 'PROGRAM_NOT_FOUND';
}
