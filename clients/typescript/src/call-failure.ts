// What a failed call of grpc-js says, with the details that the server attached.
import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import type { ServiceError } from '@grpc/grpc-js';
import { Code } from '@loyalty/proto/google/rpc/code_pb.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '@loyalty/proto/google/rpc/error_details_pb.ts';
import { StatusSchema } from '@loyalty/proto/google/rpc/status_pb.ts';

/** The domain of every reason, as google.rpc.ErrorInfo has it. */
export const errorDomain = 'loyalty';

/** A field of the request that is wrong. */
export interface FieldViolation {
  /** Path of the field in the request, such as `transaction.items[2].quantity`; empty for the request itself. */
  readonly field: string;
  readonly message: string;
}

export interface CallFailure {
  /** Number of the gRPC code. */
  readonly code: number;
  /** What the service said; if it didn't, why there is no response from it. */
  readonly reason: string;
  /** Whether the service itself gave the reason. */
  readonly fromService: boolean;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string;
  /** What grpc-js said, for the log: it can name hosts. */
  readonly cause: ServiceError;
}

export function callFailureOf(
  error: ServiceError,
  sent: { requestId: string; cancelledHere: boolean },
): CallFailure {
  const requestId = error.metadata.get('x-request-id')[0];
  const common = {
    requestId: typeof requestId === 'string' ? requestId : sent.requestId,
    cause: error,
  };
  const { reason, metadata = {}, violations, retryAfterMs } = detailsOf(error);
  if (reason !== undefined) {
    const { code, details: message } = error;
    const details = { reason, message, metadata, violations, retryAfterMs };
    return { ...common, code, fromService: true, ...details };
  }
  return {
    ...common,
    ...transportFailureOf(error, sent.cancelledHere),
    fromService: false,
    metadata: {},
    violations: undefined,
  };
}

type TransportFailure = Pick<CallFailure, 'code' | 'reason' | 'message' | 'retryAfterMs'>;

/**
 * What went wrong between a call and its handler. The caller didn't cause it, whatever the code suggests: gRPC has the
 * same codes for a message that is too large, a session that is full, and a proxy that refuses a call.
 */
function transportFailureOf(
  { code, details }: ServiceError,
  cancelledHere: boolean,
): TransportFailure {
  switch (code as number) {
    case Code.DEADLINE_EXCEEDED:
      return { code, reason: 'DEADLINE_EXCEEDED', message: details, retryAfterMs: undefined };
    case Code.UNIMPLEMENTED:
      return { code, reason: 'NOT_IMPLEMENTED', message: details, retryAfterMs: undefined };
    case Code.RESOURCE_EXHAUSTED:
      return {
        code: Code.UNAVAILABLE,
        reason: 'OVERLOADED',
        message: 'The connection to the service has as much under way as it can take',
        retryAfterMs: transportRetryMs,
      };
    default:
      // A server that dies resets its calls, which looks as if they had been cancelled here.
      if (code === Code.CANCELLED && cancelledHere) {
        return { code, reason: 'CANCELLED', message: details, retryAfterMs: undefined };
      }
      return {
        code: Code.UNAVAILABLE,
        reason: 'SERVICE_UNAVAILABLE',
        message: "The service can't be reached at the moment",
        retryAfterMs: transportRetryMs,
      };
  }
}

const transportRetryMs = 1000;

interface Details {
  reason?: string;
  metadata?: Readonly<Record<string, string>>;
  violations?: FieldViolation[];
  retryAfterMs?: number;
}

function detailsOf(error: ServiceError): Details {
  const bytes = error.metadata.get('grpc-status-details-bin')[0];
  const found: Details = {};
  if (!Buffer.isBuffer(bytes)) return found;
  try {
    for (const any of fromBinary(StatusSchema, bytes).details) {
      const info = anyUnpack(any, ErrorInfoSchema);
      if (info?.domain === errorDomain) {
        found.reason = info.reason;
        found.metadata = info.metadata;
      }
      const badRequest = anyUnpack(any, BadRequestSchema);
      if (badRequest !== undefined) {
        found.violations = badRequest.fieldViolations.map(({ field, description }) => ({
          field,
          message: description,
        }));
      }
      const retryDelay = anyUnpack(any, RetryInfoSchema)?.retryDelay;
      if (retryDelay !== undefined) found.retryAfterMs = durationMs(retryDelay);
    }
  } catch {
    // Details that can't be read are as good as none: the code still says what happened.
  }
  return found;
}
