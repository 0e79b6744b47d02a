import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  OutboxBatchSchema,
  type OutboxMessage,
  type OutboxMessageSchema,
} from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';

export type OutboxMessageInit = MessageInitShape<typeof OutboxMessageSchema>;

type Headers = Readonly<Record<string, string>>;

/** The `batch` of an outbox row: all that one transaction has to announce, in order. */
export function encodeOutboxBatch(messages: readonly OutboxMessageInit[]): Uint8Array {
  // Most headers of a batch are the same, and were half of its bytes when each message had them.
  const headers = sharedHeaders(messages);
  const rest = messages.map((message) => ({
    ...message,
    headers: withoutShared(message.headers ?? {}, headers),
  }));
  return toBinary(OutboxBatchSchema, create(OutboxBatchSchema, { messages: rest, headers }));
}

/** The messages of a batch, each with all of its headers. */
export function decodeOutboxBatch(batch: Uint8Array): OutboxMessage[] {
  const { messages, headers } = fromBinary(OutboxBatchSchema, batch);
  return messages.map((message) => ({ ...message, headers: { ...headers, ...message.headers } }));
}

function sharedHeaders([first, ...others]: readonly OutboxMessageInit[]): Record<string, string> {
  const shared = Object.entries(first?.headers ?? {}).filter(([name, value]) =>
    others.every(({ headers }) => headers?.[name] === value),
  );
  return Object.fromEntries(shared);
}

function withoutShared(headers: Headers, shared: Headers): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!Object.hasOwn(shared, name)) own[name] = value;
  }
  return own;
}
