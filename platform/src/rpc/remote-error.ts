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
import type { FieldViolation, Reasoned } from '../errors.ts';
import { errorDomain } from './status.ts';

/**
 * Thrown when a call to another service fails. It has a reason of the catalogue like any other, so that a handler that
 * doesn't catch it returns what that service returned.
 */
export class RemoteError extends Error implements Reasoned {
  /** Number of the gRPC code. */
  readonly code: number;
  /** What the service said, or, where it said none or wasn't reached, what the code amounts to. */
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string;

  constructor(message: string, options: RemoteErrorOptions) {
    super(message);
    this.name = 'RemoteError';
    this.code = options.code;
    this.reason = options.reason;
    this.metadata = options.metadata;
    this.violations = options.violations;
    this.retryAfterMs = options.retryAfterMs;
    this.requestId = options.requestId;
  }
}

interface RemoteErrorOptions {
  code: number;
  reason: string;
  metadata: Readonly<Record<string, string>>;
  violations: readonly FieldViolation[] | undefined;
  retryAfterMs: number | undefined;
  requestId: string;
}

const reasonByCode: ReadonlyMap<number, string> = new Map([
  [Code.CANCELLED, 'CANCELLED'],
  [Code.INVALID_ARGUMENT, 'VALIDATION_FAILED'],
  [Code.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED'],
  [Code.PERMISSION_DENIED, 'PERMISSION_DENIED'],
  [Code.UNAUTHENTICATED, 'UNAUTHENTICATED'],
  [Code.RESOURCE_EXHAUSTED, 'LIMIT_EXCEEDED'],
  [Code.UNIMPLEMENTED, 'NOT_IMPLEMENTED'],
  [Code.UNAVAILABLE, 'SERVICE_UNAVAILABLE'],
]);

/** What a failed call of grpc-js says, with the details that the server attached. */
export function remoteErrorOf(
  error: ServiceError,
  sent: { requestId: string; cancelledHere: boolean },
): RemoteError {
  const details = detailsOf(error);
  // A server that dies resets its calls, which looks as if we had cancelled them.
  const cutOff = error.code === Code.CANCELLED && !sent.cancelledHere;
  const code = cutOff ? Code.UNAVAILABLE : error.code;
  const requestId = error.metadata.get('x-request-id')[0];
  return new RemoteError(error.details, {
    code,
    reason: details.reason ?? reasonByCode.get(code) ?? 'INTERNAL',
    metadata: details.metadata ?? {},
    violations: details.violations,
    retryAfterMs: details.retryAfterMs,
    requestId: typeof requestId === 'string' ? requestId : sent.requestId,
  });
}

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
