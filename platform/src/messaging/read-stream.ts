import { Match, type StreamState } from 'nats';
import type { Nats } from './connection.ts';

export interface StoredMessage {
  subject: string;
  data: Uint8Array;
  /** The value of a header, whatever the case of its name. */
  header(name: string): string | undefined;
  /** In the stream, from 1. */
  sequence: number;
}

/** How long to wait for a server, and for more of what it has. */
const patienceMs = 10_000;

/**
 * Reads everything that a stream holds at this moment, in its order, and leaves no trace on the server.
 * Returns the time since which the stream has dropped nothing.
 *
 * @throws {StorageUnavailable} when NATS isn't reachable
 */
export async function readStream({
  nats,
  stream,
  handle,
}: {
  nats: Nats;
  stream: string;
  handle: (message: StoredMessage) => void;
}): Promise<{ completeSince: Date }> {
  const connection = await nats.connection({ timeoutMs: patienceMs });
  const manager = await connection.jetstreamManager();
  const { state, created } = await manager.streams.info(stream);
  const completeSince = rememberedSince(state, created);
  if (state.messages === 0) return { completeSince };
  const consumer = await connection.jetstream().consumers.get(stream, {});
  const messages = await consumer.consume({ max_messages: 1_000, expires: patienceMs });
  for await (const { subject, data, headers, info } of messages) {
    handle({
      subject,
      data,
      header: (name) => headers?.get(name, Match.IgnoreCase) || undefined,
      sequence: info.streamSequence,
    });
    if (info.streamSequence >= state.last_seq || info.pending === 0) break;
  }
  await messages.close();
  return { completeSince };
}

/** A stream forgets its oldest messages first. */
function rememberedSince(state: StreamState, created: string): Date {
  if (state.messages > 0 && state.first_seq > 1) return new Date(state.first_ts);
  return new Date(state.last_seq > 0 && state.messages === 0 ? state.last_ts : created);
}
