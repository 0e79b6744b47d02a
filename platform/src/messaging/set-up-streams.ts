import {
  type JetStreamManager,
  type NatsConnection,
  nanos,
  StorageType,
  type StreamConfig,
} from 'nats';
import {
  apiErrorCode,
  findStream,
  missingSubjects,
  retentionPolicy,
  type StreamOptions,
  unchangeableDifference,
} from './jetstream.ts';
import { StreamRefused } from './stream-refused.ts';

export interface StreamSetup {
  readonly stream: string;
  readonly outcome: 'created' | 'changed' | 'unchanged';
}

/** What operators may choose. What is absent stays as it is, and has a default in a new stream. */
export interface StreamChoices {
  /** Copies in a cluster; 1 by default. */
  readonly replicas?: number;
}

const streamNameInUse = 10_058;

/**
 * Creates the streams that are missing, and adds what existing ones lack. Idempotent. Age, size and replicas of an
 * existing stream belong to its operators and are changed only by their choice.
 *
 * @throws {StreamRefused} for a stream that can't be changed to what is needed
 */
export async function setUpStreams(
  connection: NatsConnection,
  streams: readonly StreamOptions[],
  choices: StreamChoices = {},
): Promise<StreamSetup[]> {
  const manager = await connection.jetstreamManager();
  const isClustered = connection.info?.cluster !== undefined;
  const done: StreamSetup[] = [];
  for (const stream of streams) {
    done.push({
      stream: stream.name,
      outcome: await setUp({ manager, isClustered }, stream, choices),
    });
  }
  return done;
}

interface Server {
  readonly manager: JetStreamManager;
  readonly isClustered: boolean;
}

async function setUp(
  server: Server,
  wanted: StreamOptions,
  choices: StreamChoices,
): Promise<StreamSetup['outcome']> {
  const { manager, isClustered } = server;
  const present = await findStream(manager, wanted.name);
  if (present === undefined) return await create(server, wanted, choices);
  requireChangeable(present.config, wanted);
  const { config } = present;
  const replicas = choices.replicas ?? config.num_replicas;
  const missing = missingSubjects(config, wanted);
  // A single server accepts them, and goes on with one copy.
  if (!isClustered && (choices.replicas ?? 1) > 1) {
    throw new StreamRefused(
      `stream ${wanted.name}: ${replicas} replicas need a cluster of at least ${replicas} servers, and this server is in none; leave out --replicas, or give the URL of a cluster`,
    );
  }
  if (missing.length === 0 && replicas === config.num_replicas) return 'unchanged';
  await refusing(wanted, () =>
    manager.streams.update(wanted.name, {
      ...config,
      num_replicas: replicas,
      subjects: [...config.subjects, ...missing],
    }),
  );
  return 'changed';
}

async function create(
  server: Server,
  wanted: StreamOptions,
  choices: StreamChoices,
): Promise<StreamSetup['outcome']> {
  try {
    await refusing(wanted, () =>
      server.manager.streams.add({
        name: wanted.name,
        subjects: [...wanted.subjects],
        retention: retentionPolicy(wanted),
        storage: StorageType.File,
        num_replicas: choices.replicas ?? 1,
        max_age: nanos(wanted.maxAgeMs ?? 0),
        duplicate_window: nanos(wanted.duplicateWindowMs ?? 120_000),
      }),
    );
    return 'created';
  } catch (error) {
    // Another setup was quicker; look at what it made.
    if (apiErrorCode(error) === streamNameInUse) return await setUp(server, wanted, choices);
    throw error;
  }
}

function requireChangeable(config: StreamConfig, wanted: StreamOptions): void {
  const differing = unchangeableDifference(config, wanted);
  if (differing === undefined) return;
  throw new StreamRefused(
    `stream ${wanted.name} has ${differing}, which can't be changed: move its messages away, delete it, and repeat the setup`,
  );
}

/** The server's refusal, for instance of subjects that another stream has, as one line that names the stream. */
async function refusing<Result>(
  { name }: StreamOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = apiErrorCode(error);
    if (code === undefined || code === streamNameInUse) throw error;
    throw new StreamRefused(`stream ${name}: the server refuses it: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
