import type { DescMessage } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { CallContext } from '@loyalty/platform/rpc/call-context.ts';
import type { ReasonCheck } from '@loyalty/platform/rpc/declared-reasons.ts';
import { statusOf } from '@loyalty/platform/rpc/status.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

interface Batch {
  /** The schema of an item. */
  readonly schema: DescMessage;
  /** The check of the method that does the same for one item. */
  readonly checkReason: ReasonCheck;
  readonly context: CallContext;
}

/**
 * Applies each item of a batch for itself, all at the same time, so that the commit queue writes them together. A refused
 * item's failure is what a separate call would have returned, with fields relative to the item.
 */
export async function resultsOf<Item, Success>(
  items: readonly Item[],
  { apply, ...batch }: Batch & { apply: (item: Item) => Promise<Success> },
) {
  const settled = await Promise.allSettled(items.map(apply));
  return items.map((item, index) => {
    const outcome = settled[index] as PromiseSettledResult<Success>;
    const result =
      outcome.status === 'fulfilled'
        ? { case: 'success' as const, value: outcome.value }
        : { case: 'failure' as const, value: renderFailure(outcome.reason, batch) };
    return { item, result };
  });
}

function renderFailure(error: unknown, { schema, checkReason, context }: Batch) {
  const { reason, message, metadata, violations, retryAfterMs } = statusOf(
    error,
    context.requestId,
    context.fieldNaming(schema),
  );
  checkReason(reason, context);
  return {
    reason: ErrorReason[reason as keyof typeof ErrorReason],
    message,
    metadata: { ...metadata },
    violations: violations.map((violation) => ({ ...violation })),
    ...(retryAfterMs !== undefined && { retryDelay: durationFromMs(Math.ceil(retryAfterMs)) }),
  };
}
