import type { DescMessage } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { statusOf } from '@loyalty/platform/rpc/status.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

/** Why an item of a batch was refused: what a call of its own would have been answered. Fields are those of the item. */
export function renderFailure(
  error: unknown,
  item: DescMessage,
  context: Pick<CallContext, 'requestId' | 'fieldPath'>,
) {
  const { reason, message, metadata, violations, retryAfterMs } = statusOf(
    error,
    context.requestId,
    (path) => context.fieldPath(item, path),
  );
  return {
    reason: ErrorReason[reason as keyof typeof ErrorReason],
    message,
    metadata: { ...metadata },
    violations: violations.map((violation) => ({ ...violation })),
    ...(retryAfterMs !== undefined && { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }),
  };
}
