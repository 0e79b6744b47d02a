import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type OutboxBatch,
  OutboxBatchSchema,
  type OutboxMessageSchema,
} from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';

export type OutboxMessageInit = MessageInitShape<typeof OutboxMessageSchema>;

type Headers = Readonly<Record<string, string>>;

/** The `batch` of an outbox row: all that one transaction has to announce, in order. */
export function encodeOutboxBatch(messages: readonly OutboxMessageInit[]): Uint8Array {
  const batch = create(
    OutboxBatchSchema,
    shareHeaders(messages.map((message) => ({ ...message, headers: message.headers ?? {} }))),
  );
  return toBinary(OutboxBatchSchema, batch);
}

/** What {@link encodeOutboxBatch} wrote: the messages, and the headers that each has besides its own. */
export function decodeOutboxBatch(batch: Uint8Array): OutboxBatch {
  return fromBinary(OutboxBatchSchema, batch);
}

/**
 * The messages, each with the headers that only it has, and those that all of them have: most headers of a batch are the
 * same, and were half of its bytes when each message had them.
 */
export function shareHeaders<Message extends { readonly headers: Headers }>(
  messages: readonly Message[],
): { messages: Message[]; headers: Record<string, string> } {
  const shared = sharedHeaders(messages.map(({ headers }) => headers));
  return {
    messages: messages.map((message) => ({
      ...message,
      headers: withoutShared(message.headers, shared),
    })),
    headers: shared,
  };
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
