import type { ChannelCredentials } from '@loyalty/platform/rpc/client.ts';
import { createProgress, type Progress } from '../progress.ts';
import { readChannelCredentials } from '../service-calls/channel-credentials.ts';
import { createRetries, type Retries, withRetries } from '../service-calls/retries.ts';
import { readSetting } from '../settings.ts';
import { openPrograms, type ProgramFacts, type ProgramsClient } from './programs-client.ts';

/** What a command that imports has at hand while it runs. */
export interface ImportSession {
  readonly progress: Progress;
  readonly retries: Retries;
  /** How the services are called. */
  readonly credentials: ChannelCredentials;
  readonly programs: ProgramsClient;
  readonly program: ProgramFacts;
}

/**
 * Runs an import, which may be interrupted at any time: the same command goes on from there.
 *
 * @throws {ConfigError} {@link LoyaltyError} PROGRAM_NOT_FOUND, and whatever `work` throws
 */
export async function withImportSession(
  { programId, token }: { programId: string; token: string },
  work: (session: ImportSession) => Promise<void>,
): Promise<void> {
  const progress = createProgress(process.stderr);
  const retries = createRetries({ notice: (text) => progress.notice(text) });
  const address = readSetting('LOYALTY_PROGRAMS_GRPC');
  const credentials = await readChannelCredentials(process.env);
  const programs = openPrograms({ address, credentials, token, programId });
  const interrupted = () => {
    progress.notice('Interrupted. Run the same command again to continue.');
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    const program = await withRetries(retries, () => programs.program());
    await work({ progress, retries, credentials, programs, program });
  } finally {
    process.off('SIGINT', interrupted);
    programs.close();
  }
}
