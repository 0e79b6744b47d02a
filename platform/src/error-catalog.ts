import { type DescMethod, getOption } from '@bufbuild/protobuf';
import {
  type ErrorAnswer,
  ErrorReasonSchema,
  error_answer,
  errors,
} from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

const entries: ReadonlyMap<string, ErrorAnswer> = new Map(
  ErrorReasonSchema.values
    .filter(({ number }) => number !== 0)
    .map((value) => [value.name, getOption(value, error_answer)]),
);

/** How a reason is returned, according to the contract; undefined for what isn't in the catalog. */
export function catalogEntryOf(reason: string): ErrorAnswer | undefined {
  return entries.get(reason);
}

/** Whether the same request, unchanged, may succeed later. */
export function isRetryable(reason: string): boolean {
  return entries.get(reason)?.retryable === true;
}

const reasonsOfEveryMethod: readonly string[] = [...entries]
  .filter(([, { anyMethod }]) => anyMethod)
  .map(([reason]) => reason);

/** The reasons for which a method can fail, according to the contract: those that it declares, and those of every method. */
export function reasonsOf(method: DescMethod): ReadonlySet<string> {
  const declared = getOption(method, errors).map((number) => ErrorReasonSchema.value[number]?.name);
  return new Set([...reasonsOfEveryMethod, ...declared.filter((name) => name !== undefined)]);
}
