import type { NatsConnection } from 'nats';
import {
  findStream,
  missingSubjects,
  type StreamOptions,
  unchangeableDifference,
} from './jetstream.ts';

/** Thrown when a stream isn't as a service needs it. The message names the command that makes it so. */
export class StreamNotSetUp extends Error {
  override readonly name = 'StreamNotSetUp';

  constructor(problem: string) {
    super(`${problem}; run: loyalty nats setup`);
  }
}

/**
 * Resolves when the streams are there, with the subjects that they need, and are kept on disk. Changes nothing.
 *
 * @throws {StreamNotSetUp} naming the first that isn't
 */
export async function checkStreams(
  connection: NatsConnection,
  streams: readonly StreamOptions[],
): Promise<void> {
  const manager = await connection.jetstreamManager();
  for (const wanted of streams) {
    const { name } = wanted;
    const present = await findStream(manager, name);
    if (present === undefined) throw new StreamNotSetUp(`stream ${name} is missing`);
    const { config } = present;
    const missing = missingSubjects(config, wanted);
    if (missing.length > 0) {
      throw new StreamNotSetUp(`stream ${name} lacks the subjects ${missing.join(', ')}`);
    }
    const difference = unchangeableDifference(config, wanted);
    if (difference !== undefined) throw new StreamNotSetUp(`stream ${name} has ${difference}`);
  }
}
