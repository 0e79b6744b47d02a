import type { Client } from '@loyalty/platform/rpc/client.ts';
import type {
  GetProgramSnapshotResponse,
  ProgramService,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';

/**
 * Asks for a program where it is defined.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable}
 */
export type ProgramSource = (programId: string) => Promise<GetProgramSnapshotResponse>;

/** Earns wait for the answer when a program isn't known here yet. */
const timeoutMs = 1_000;

/** The Programs service, asked over gRPC. `token` answers the bearer token of the ledger's own calls. */
export function createProgramSource(deps: {
  client: Pick<Client<typeof ProgramService>, 'getProgramSnapshot'>;
  token: () => Promise<string>;
}): ProgramSource {
  return async (programId) => {
    try {
      return await deps.client.getProgramSnapshot(
        { programId },
        { token: await deps.token(), deadlineMs: Date.now() + timeoutMs },
      );
    } catch (error) {
      throw isNotFound(error)
        ? new ProgramNotFound(programId)
        : new ProgramsUnavailable(programId, error);
    }
  };
}

function isNotFound(error: unknown): boolean {
  return Error.isError(error) && 'reason' in error && error.reason === 'PROGRAM_NOT_FOUND';
}
