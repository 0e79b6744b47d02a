import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { readBinaryMessage } from '@loyalty/platform/binary-message.ts';
import { isReasoned } from '@loyalty/platform/errors.ts';
import { jsonNaming, named, protoNaming } from '@loyalty/platform/json/field-naming.ts';
import { readJsonMessage } from '@loyalty/platform/json/json-message.ts';
import {
  type EarnRequested,
  EarnRequestedSchema,
} from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import {
  type RefundRequested,
  RefundRequestedSchema,
} from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import { DomainError } from '@loyalty/rules/domain-error.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { refundPartOf } from '../app/refund-extent.ts';
import type { MessageContent, ReadMessage, StreamMessage } from '../app/stream-message.ts';
import { findTransactionId } from './find-transaction-id.ts';

/** Checks a message by the rules of the contract; throws an error with `violations`. */
export type Validate<Message> = (message: Message) => void;

/** Reads a message of the incoming stream, as protobuf or JSON by its content type. It never throws. */
export function createMessageReader(validate: {
  earn: Validate<EarnRequested>;
  refund: Validate<RefundRequested>;
}): (message: StreamMessage) => ReadMessage {
  return (message) => {
    const [, direction, , programId = ''] = message.subject.split('.');
    const received = { message, programId };
    const isEarn = direction === 'earn';
    const content = isEarn
      ? readEarn(received, validate.earn)
      : readRefund(received, validate.refund);
    const schema = isEarn ? EarnRequestedSchema : RefundRequestedSchema;
    const naming = isJson(message) ? jsonNaming(schema) : protoNaming;
    return { ...content, textOf: (error) => named(error, naming).message };
  };
}

/** A message, and the program that its subject names. */
interface Received {
  readonly message: StreamMessage;
  readonly programId: string;
}

function readEarn(received: Received, validate: Validate<EarnRequested>): MessageContent {
  const { programId } = received;
  const requested = decode(EarnRequestedSchema, received.message);
  if ('problem' in requested) return unreadable(received, { direction: 'earn', ...requested });
  const { content } = requested;
  const { userId, transaction } = content;
  const about = {
    programId,
    transactionId: idOrNothing(transaction?.transactionId),
    refundId: '',
  };
  const problem = problemOf(content, { programId, validate });
  if (problem !== undefined || transaction === undefined) {
    return { about, problem: problem ?? invalid('transaction', 'must be given') };
  }
  return { about, earn: { programId, userId, purchase: transaction } };
}

function readRefund(received: Received, validate: Validate<RefundRequested>): MessageContent {
  const { programId } = received;
  const requested = decode(RefundRequestedSchema, received.message);
  if ('problem' in requested) return unreadable(received, { direction: 'refund', ...requested });
  const { content } = requested;
  const { transactionId, refundId } = content;
  const about = {
    programId,
    transactionId: idOrNothing(transactionId),
    refundId: idOrNothing(refundId),
  };
  const problem = problemOf(content, { programId, validate });
  if (problem !== undefined) return { about, problem };
  try {
    const extent = refundPartOf(content.extent);
    return { about, refund: { programId, transactionId, refundId, extent } };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { about, problem: error };
  }
}

function unreadable(
  { message, programId }: Received,
  { direction, problem }: { direction: 'earn' | 'refund'; problem: DomainError },
): MessageContent {
  const transactionId = idOrNothing(findTransactionId(direction, message.payload));
  return { about: { programId, transactionId, refundId: '' }, problem };
}

function problemOf<Content extends { programId: string }>(
  content: Content,
  { programId, validate }: { programId: string; validate: Validate<Content> },
): DomainError | undefined {
  try {
    validate(content);
  } catch (error) {
    const { violations } = error as Partial<ValidationFailed>;
    return violations === undefined
      ? invalid('payload', `can't be checked: ${String(error)}`)
      : new ValidationFailed(violations);
  }
  return content.programId === programId
    ? undefined
    : invalid('program_id', `isn't that of the subject, ${programId}`);
}

type Decoded<Desc extends DescMessage> = { content: MessageShape<Desc> } | { problem: DomainError };

function decode<Desc extends DescMessage>(schema: Desc, message: StreamMessage): Decoded<Desc> {
  const { payload } = message;
  try {
    switch (mediaTypeOf(message)) {
      case jsonMediaType:
        return { content: readJsonMessage(schema, payload) };
      case 'application/protobuf':
      case 'application/x-protobuf':
      case '':
        return { content: readBinaryMessage(schema, payload) };
      default:
        return {
          problem: invalid('content_type', 'must be application/protobuf or application/json'),
        };
    }
  } catch (error) {
    if (isReasoned(error) && error.violations !== undefined) {
      return { problem: new ValidationFailed(error.violations) };
    }
    const cause = Error.isError(error) ? error.message : String(error);
    return { problem: invalid('payload', `can't be read as ${schema.name}: ${cause}`) };
  }
}

const jsonMediaType = 'application/json';

function isJson(message: StreamMessage): boolean {
  return mediaTypeOf(message) === jsonMediaType;
}

/** The content type in lower case and without parameters; empty when the message had none. */
function mediaTypeOf({ contentType }: StreamMessage): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

function invalid(field: string, message: string): ValidationFailed {
  return new ValidationFailed([{ field, message }]);
}

/** An id that the contract allows; anything else isn't stored apart from its message. */
function idOrNothing(id: string | undefined): string {
  return id !== undefined && /^\P{C}+$/u.test(id) && Buffer.byteLength(id) <= 128 ? id : '';
}
