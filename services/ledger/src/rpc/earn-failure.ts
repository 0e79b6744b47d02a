import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import { statusOf } from '@loyalty/platform/rpc/status.ts';
import {
  BatchEarnItemSchema,
  type EarnFailureSchema,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

/** Why a transaction of a batch was refused: what a call of its own would have been answered. Fields are those of the item. */
export function renderEarnFailure(
  error: unknown,
  context: Pick<CallContext, 'requestId' | 'fieldPath'>,
): MessageInitShape<typeof EarnFailureSchema> {
  const { reason, message, metadata, violations } = statusOf(error, context.requestId, (path) =>
    context.fieldPath(BatchEarnItemSchema, path),
  );
  return {
    reason: ErrorReason[reason as keyof typeof ErrorReason],
    message,
    metadata: { ...metadata },
    violations: violations.map((violation) => ({ ...violation })),
  };
}
