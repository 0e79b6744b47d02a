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
  type StreamConfig,
  type StreamInfo,
} from 'nats';

export interface StreamOptions {
  name: string;
  subjects: readonly string[];
  /** `workqueue` keeps a message until it is acknowledged, `limits` until it is older than `maxAgeMs`. */
  retention: 'workqueue' | 'limits';
  /** No limit when absent. */
  maxAgeMs?: number;
  /** How long a repeated Nats-Msg-Id is dropped; 2 minutes by default. */
  duplicateWindowMs?: number;
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
const streamNotFound = 10_059;

/** Undefined where there is no such stream. */
export async function findStream(
  manager: JetStreamManager,
  name: string,
): Promise<StreamInfo | undefined> {
  return await orMissing(manager.streams.info(name), streamNotFound);
}

/** The subjects that an existing stream should have and hasn't. */
export function missingSubjects(config: StreamConfig, { subjects }: StreamOptions): string[] {
  return subjects.filter((subject) => !config.subjects.includes(subject));
}

export function retentionPolicy({ retention }: StreamOptions): RetentionPolicy {
  return retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits;
}

/** How an existing stream differs in what no server can change, such as `storage "memory" instead of "file"`. */
export function unchangeableDifference(
  config: StreamConfig,
  wanted: StreamOptions,
): string | undefined {
  const retention = retentionPolicy(wanted);
  if (config.retention !== retention) {
    return `retention "${config.retention}" instead of "${retention}"`;
  }
  // What is kept in memory is lost when the server restarts.
  return config.storage === StorageType.File
    ? undefined
    : `storage "${config.storage}" instead of "${StorageType.File}"`;
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

/** Undefined for an error that isn't the JetStream API's. */
export function apiErrorCode(error: unknown): number | undefined {
  return (error as NatsError).api_error?.err_code;
}
