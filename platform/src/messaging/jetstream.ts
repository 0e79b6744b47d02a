import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  type NatsConnection,
  type NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
} from 'nats';

export interface StreamOptions {
  name: string;
  subjects: readonly string[];
  /** `workqueue` keeps a message until it is acknowledged, `limits` until it is older than `maxAgeMs`. */
  retention: 'workqueue' | 'limits';
  /** No limit when absent. */
  maxAgeMs?: number;
  /** For how long a repeated Nats-Msg-Id is dropped; 2 minutes by default. */
  duplicateWindowMs?: number;
  /** Copies in a cluster; 1 by default. */
  replicas?: number;
}

export interface DurableOptions {
  stream: string;
  durable: string;
  filter: string;
  maxAckPending: number;
  ackWaitMs: number;
}

// Error codes of the JetStream API.
const consumerNotFound = 10_014;
const streamNameInUse = 10_058;
const streamNotFound = 10_059;

/**
 * Creates the streams that are missing and adds missing subjects to those that exist. All else of an existing
 * stream (age, size, replicas) belongs to its operators and is left unchanged.
 */
export async function ensureStreams(
  connection: NatsConnection,
  streams: readonly StreamOptions[],
): Promise<void> {
  const manager = await connection.jetstreamManager();
  for (const stream of streams) await ensureStream(manager, stream);
}

async function ensureStream(manager: JetStreamManager, wanted: StreamOptions): Promise<void> {
  const present = await orMissing(manager.streams.info(wanted.name), streamNotFound);
  if (present === undefined) {
    try {
      await manager.streams.add(streamConfig(wanted));
      return;
    } catch (error) {
      if (apiErrorCode(error) !== streamNameInUse) throw error;
      // Another replica was quicker; look at what it made.
      return await ensureStream(manager, wanted);
    }
  }
  const { config } = present;
  if (config.retention !== retentionPolicy(wanted)) {
    throw new Error(
      `stream ${wanted.name} has retention "${config.retention}" instead of "${wanted.retention}": move its messages away and delete it`,
    );
  }
  const missing = wanted.subjects.filter((subject) => !config.subjects.includes(subject));
  if (missing.length > 0) {
    await manager.streams.update(wanted.name, {
      ...config,
      subjects: [...config.subjects, ...missing],
    });
  }
}

function streamConfig(stream: StreamOptions) {
  return {
    name: stream.name,
    subjects: [...stream.subjects],
    retention: retentionPolicy(stream),
    storage: StorageType.File,
    num_replicas: stream.replicas ?? 1,
    max_age: nanos(stream.maxAgeMs ?? 0),
    duplicate_window: nanos(stream.duplicateWindowMs ?? 120_000),
  };
}

function retentionPolicy(stream: StreamOptions): RetentionPolicy {
  return stream.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits;
}

/** Creates a durable pull consumer, or brings an existing one to these options. */
export async function ensureDurable(
  connection: NatsConnection,
  options: DurableOptions,
): Promise<void> {
  const manager = await connection.jetstreamManager();
  const wanted = {
    filter_subject: options.filter,
    ack_wait: nanos(options.ackWaitMs),
    max_ack_pending: options.maxAckPending,
  } satisfies Partial<ConsumerConfig>;
  const present = await orMissing(
    manager.consumers.info(options.stream, options.durable),
    consumerNotFound,
  );
  if (present === undefined) {
    await manager.consumers.add(options.stream, {
      ...wanted,
      durable_name: options.durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      // A limit would lose the message: JetStream has no place for those that exceed it.
      max_deliver: -1,
    });
    return;
  }
  const { config } = present;
  const differs =
    config.filter_subject !== wanted.filter_subject ||
    config.ack_wait !== wanted.ack_wait ||
    config.max_ack_pending !== wanted.max_ack_pending;
  if (differs) {
    await manager.consumers.update(options.stream, options.durable, { ...config, ...wanted });
  }
}

async function orMissing<Info>(info: Promise<Info>, code: number): Promise<Info | undefined> {
  try {
    return await info;
  } catch (error) {
    if (apiErrorCode(error) === code) return undefined;
    throw error;
  }
}

function apiErrorCode(error: unknown): number | undefined {
  return (error as NatsError).api_error?.err_code;
}
