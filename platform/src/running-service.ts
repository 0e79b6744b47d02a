/** A service that serves, with the ports that it listens on. */
export interface RunningService {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly managementPort: number;
  /** Lets what is under way end, then lets go of everything. */
  stop(): Promise<void>;
}

type Ports = Omit<RunningService, 'stop'>;

/** What is called when a service is stopped, the last first. */
export type Cleanups = (() => unknown)[];

/**
 * Starts a service part by part. What `start` adds to the clean-ups is called in the reverse order when the service is
 * stopped, and when it fails to start.
 */
export async function startWithCleanups(
  start: (cleanups: Cleanups) => Promise<Ports>,
): Promise<RunningService> {
  const cleanups: Cleanups = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  };
  try {
    return { ...(await start(cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
