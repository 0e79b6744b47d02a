import { fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type OutboxBatch,
  OutboxBatchSchema,
  type OutboxMessageSchema,
} from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';
import { encoderOf } from '../binary-encoding.ts';

export type OutboxMessageInit = MessageInitShape<typeof OutboxMessageSchema>;

type Headers = Readonly<Record<string, string>>;

const encode = encoderOf(OutboxBatchSchema);

/**
 * The `batch` of an outbox row: all that one transaction has to announce, in order. Headers that all messages have are in it
 * once: most are the same, and were half of its bytes when each message had them.
 */
export function encodeOutboxBatch(messages: readonly OutboxMessageInit[]): Uint8Array {
  const headers = sharedHeaders(messages.map((message) => message.headers ?? {}));
  return encode({
    messages: messages.map((message) => ({
      ...message,
      headers: withoutShared(message.headers ?? {}, headers),
    })),
    headers,
  });
}

/** What {@link encodeOutboxBatch} wrote: the messages, and the headers that each has besides its own. */
export function decodeOutboxBatch(batch: Uint8Array): OutboxBatch {
  return fromBinary(OutboxBatchSchema, batch);
}

function sharedHeaders([first = {}, ...others]: readonly Headers[]): Record<string, string> {
  const shared: Record<string, string> = {};
  for (const [name, value] of Object.entries(first)) {
    if (others.every((headers) => headers[name] === value)) shared[name] = value;
  }
  return shared;
}

function withoutShared(headers: Headers, shared: Headers): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    if (!Object.hasOwn(shared, name)) own[name] = headers[name] as string;
  }
  return own;
}
