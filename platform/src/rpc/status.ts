import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  toBinary,
} from '@bufbuild/protobuf';
import { anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { errorDomain } from '@loyalty/client/call-failure.ts';
import { Code, CodeSchema } from '@loyalty/proto/google/rpc/code_pb.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';
import { catalogEntryOf, isRetryable } from '../error-catalog.ts';
import { type FieldViolation, isReasoned } from '../errors.ts';
import { type FieldNaming, named, protoNaming } from '../json/field-naming.ts';

/** How an error is returned by every transport. */
export interface CallStatus {
  /** Number of the gRPC code. */
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  readonly retryAfterMs: number | undefined;
}

// Details travel in HTTP/2 trailers, and clients accept 8 KiB of them.
const messageCharactersMax = 400;
const detailCharactersMax = 128;
const violationsMax = 16;
const metadataEntriesMax = 12;
const retryAfterMsDefault = 1000;

const codeNames: ReadonlyMap<number, string> = new Map(
  CodeSchema.values.map((value) => [value.number, value.name]),
);

/** `NOT_FOUND` for 5. */
export function codeName(code: number): string {
  return codeNames.get(code) ?? 'UNKNOWN';
}

/**
 * The status of an error: its own if it has a reason of the catalog, otherwise INTERNAL without its text.
 *
 * @param naming how the caller writes the names of fields
 */
export function statusOf(
  error: unknown,
  requestId: string,
  naming: FieldNaming = protoNaming,
): CallStatus {
  const code = isReasoned(error) ? catalogEntryOf(error.reason)?.code : undefined;
  if (!isReasoned(error) || code === undefined || code === Code.INTERNAL) {
    return {
      code: Code.INTERNAL,
      reason: 'INTERNAL',
      message: `An internal error occurred; report the request id ${requestId}`,
      metadata: {},
      violations: [],
      retryAfterMs: undefined,
    };
  }
  const { message, metadata, violations } = named(error, naming);
  return {
    code,
    reason: error.reason,
    message: shortened(message, messageCharactersMax),
    metadata: shortenedMetadata(metadata),
    violations: violations.slice(0, violationsMax).map(({ field, message }) => ({
      field: shortened(field, detailCharactersMax),
      message: shortened(message, detailCharactersMax),
    })),
    retryAfterMs:
      error.retryAfterMs ?? (isRetryable(error.reason) ? retryAfterMsDefault : undefined),
  };
}

// A lone surrogate can't be encoded in a header, and would break the response's stream.
function shortened(text: string, charactersMax: number): string {
  const short = text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text;
  return short.toWellFormed();
}

function shortenedMetadata(
  metadata: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata ?? {})
      .slice(0, metadataEntriesMax)
      .map(([key, value]) => [key, shortened(value, detailCharactersMax)]),
  );
}

export interface Detail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** The details of google.rpc.Status: always ErrorInfo, then BadRequest and RetryInfo where they apply. */
export function detailsOf(status: CallStatus): Detail[] {
  const { reason, metadata, violations, retryAfterMs } = status;
  const details: Detail[] = [
    detail(ErrorInfoSchema, { reason, domain: errorDomain, metadata: { ...metadata } }),
  ];
  if (violations.length > 0) {
    const fieldViolations = violations.map(({ field, message }) => ({
      field,
      description: message,
    }));
    details.push(detail(BadRequestSchema, { fieldViolations }));
  }
  if (retryAfterMs !== undefined) {
    details.push(detail(RetryInfoSchema, { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }));
  }
  return details;
}

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Detail {
  return { desc, value: create(desc, value) };
}

/** google.rpc.Status as gRPC carries it in the trailer `grpc-status-details-bin`. */
export function encodeStatus(status: CallStatus): Uint8Array {
  const { code, message } = status;
  const details = detailsOf(status).map(({ desc, value }) => anyPack(desc, value));
  return toBinary(StatusSchema, create(StatusSchema, { code, message, details }));
}
