import { getOption } from '@bufbuild/protobuf';
import {
  type ErrorAnswer,
  ErrorReasonSchema,
  error_answer,
} from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';

const answers: ReadonlyMap<string, ErrorAnswer> = new Map(
  ErrorReasonSchema.values
    .filter(({ number }) => number !== 0)
    .map((value) => [value.name, getOption(value, error_answer)]),
);

/** How a reason is returned, according to the contract; undefined for what isn't in the catalogue. */
export function answerTo(reason: string): ErrorAnswer | undefined {
  return answers.get(reason);
}

/** Whether the same request, unchanged, may succeed later. */
export function isRetryable(reason: string): boolean {
  return answers.get(reason)?.retryable === true;
}
