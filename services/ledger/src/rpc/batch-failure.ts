import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { statusOf } from '@loyalty/platform/rpc/status.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

/** Why an item of a batch was refused: what a call of its own would have been answered. */
export function renderFailure(error: unknown, requestId: string) {
  const { reason, message, metadata, violations, retryAfterMs } = statusOf(error, requestId);
  return {
    reason: ErrorReason[reason as keyof typeof ErrorReason],
    message,
    metadata: { ...metadata },
    violations: violations.map((violation) => ({ ...violation })),
    ...(retryAfterMs !== undefined && { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }),
  };
}
