import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  OutboxBatchSchema,
  type OutboxMessage,
  type OutboxMessageSchema,
} from '@loyalty/proto/loyalty/events/v1/outbox_pb.ts';

export type OutboxMessageInit = MessageInitShape<typeof OutboxMessageSchema>;

/** The `batch` of an outbox row: all that one transaction has to announce, in order. */
export function encodeOutboxBatch(messages: OutboxMessageInit[]): Uint8Array {
  return toBinary(OutboxBatchSchema, create(OutboxBatchSchema, { messages }));
}

export function decodeOutboxBatch(batch: Uint8Array): OutboxMessage[] {
  return fromBinary(OutboxBatchSchema, batch).messages;
}
