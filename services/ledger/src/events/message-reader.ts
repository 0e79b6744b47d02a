import {
  type DescMessage,
  fromBinary,
  fromJsonString,
  type MessageShape,
} from '@bufbuild/protobuf';
import {
  type EarnRequested,
  EarnRequestedSchema,
} from '@loyalty/proto/loyalty/events/v1/earn_requested_pb.ts';
import { RefundRequestedSchema } from '@loyalty/proto/loyalty/events/v1/refund_requested_pb.ts';
import type { ReadMessage, StreamMessage } from '../app/stream-message.ts';
import { InvalidCommand, type LedgerError, NotImplemented } from '../domain/errors.ts';

/** Checks a message by the rules of the contract; throws an error with `violations`. */
export type Validate<Message> = (message: Message) => void;

/** Reads what came on the incoming stream, protobuf or JSON by its content type. It never throws. */
export function createMessageReader(deps: {
  validateEarn: Validate<EarnRequested>;
}): (message: StreamMessage) => ReadMessage {
  return (message) => {
    const [, direction, , programId = ''] = message.subject.split('.');
    return direction === 'earn'
      ? readEarn(message, { programId, validate: deps.validateEarn })
      : readRefund(message, programId);
  };
}

function readEarn(
  message: StreamMessage,
  { programId, validate }: { programId: string; validate: Validate<EarnRequested> },
): ReadMessage {
  const requested = decode(EarnRequestedSchema, message);
  if ('problem' in requested) {
    return { regarding: { programId, transactionId: '' }, problem: requested.problem };
  }
  const { content } = requested;
  const { userId, transaction } = content;
  const regarding = { programId, transactionId: idOrNothing(transaction?.transactionId) };
  const problem = problemOf(content, { programId, validate });
  if (problem !== undefined || transaction === undefined) {
    return { regarding, problem: problem ?? invalid('transaction', 'must be set') };
  }
  return { regarding, input: { programId, userId, transaction } };
}

function problemOf(
  content: EarnRequested,
  { programId, validate }: { programId: string; validate: Validate<EarnRequested> },
): LedgerError | undefined {
  try {
    validate(content);
  } catch (error) {
    const { violations } = error as Partial<InvalidCommand>;
    return violations === undefined
      ? invalid('payload', `can't be checked: ${String(error)}`)
      : new InvalidCommand(violations);
  }
  return content.programId === programId
    ? undefined
    : invalid('program_id', `isn't that of the subject, ${programId}`);
}

function readRefund(message: StreamMessage, programId: string): ReadMessage {
  const requested = decode(RefundRequestedSchema, message);
  if ('problem' in requested) {
    return { regarding: { programId, transactionId: '' }, problem: requested.problem };
  }
  return {
    regarding: { programId, transactionId: idOrNothing(requested.content.transactionId) },
    problem: new NotImplemented('this release keeps refunds without applying them'),
  };
}

type Decoded<Desc extends DescMessage> = { content: MessageShape<Desc> } | { problem: LedgerError };

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode<Desc extends DescMessage>(
  schema: Desc,
  { contentType, payload }: StreamMessage,
): Decoded<Desc> {
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  try {
    switch (mediaType) {
      case 'application/json':
        return { content: fromJsonString(schema, utf8.decode(payload)) };
      case 'application/protobuf':
      case 'application/x-protobuf':
      case '':
        return { content: fromBinary(schema, payload) };
      default:
        return {
          problem: invalid('content_type', 'must be application/protobuf or application/json'),
        };
    }
  } catch (error) {
    const cause = Error.isError(error) ? error.message : String(error);
    return { problem: invalid('payload', `can't be read as ${schema.name}: ${cause}`) };
  }
}

function invalid(field: string, message: string): InvalidCommand {
  return new InvalidCommand([{ field, message }]);
}

/** An id as the contract allows it; what else stands in its place isn't kept apart from its message. */
function idOrNothing(id: string | undefined): string {
  return id !== undefined && /^\P{C}+$/u.test(id) && Buffer.byteLength(id) <= 128 ? id : '';
}
