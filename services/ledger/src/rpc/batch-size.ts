import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import type {
  BatchAdjustOutcome,
  BatchEarnOutcome,
} from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';

/** Common gRPC clients accept 4 MiB. */
const batchBytesMax = 3 * 1024 * 1024;

/** More than the ids, numbers and times of an outcome take, or the texts of an adjustment. */
const fixedBytesMax = 1536;

/** More than a character takes in UTF-8, per unit of its UTF-16 length. */
const bytesPerUnitMax = 3;

/** More than the numbers of a line or a violation, and the lengths of its texts, take. */
const lineBytesMax = 32;

/**
 * Leaves out what a response to a batch can do without, from its end, until it fits into a message: explanations first,
 * then the details of failures. The items have been applied, so a response that no client could receive would be
 * repeated with every attempt.
 */
export function fitBatch<Desc extends DescMessage>(
  schema: Desc,
  outcomes: readonly (MessageShape<Desc> & (BatchEarnOutcome | BatchAdjustOutcome))[],
): void {
  // Encoding an outcome takes 6 µs, a tenth of what crediting it takes; almost no batch needs it.
  const bytesAtMost = outcomes.reduce((sum, outcome) => sum + bytesOfTexts(outcome), 0);
  if (bytesAtMost + outcomes.length * fixedBytesMax <= batchBytesMax) return;

  const encode = encoderOf(schema);
  const bytesOf = (outcome: MessageShape<Desc>) => encode(outcome).length;
  let bytes = outcomes.reduce((sum, outcome) => sum + bytesOf(outcome), 0);
  for (const omit of [omitExplanation, omitDetails]) {
    for (const outcome of outcomes.toReversed()) {
      if (bytes <= batchBytesMax) return;
      const before = bytesOf(outcome);
      omit(outcome);
      bytes -= before - bytesOf(outcome);
    }
  }
}

function bytesOfTexts({ result }: BatchEarnOutcome | BatchAdjustOutcome): number {
  let units = 0;
  let lines = 0;
  const add = (...texts: string[]) => {
    lines += 1;
    for (const text of texts) units += text.length;
  };
  if (result.case === 'failure') {
    const { message, metadata, violations } = result.value;
    add(message);
    for (const [key, value] of Object.entries(metadata)) add(key, value);
    for (const { field, message } of violations) add(field, message);
  } else if (result.case === 'success' && 'earn' in result.value) {
    const { explanation: lines = [], channel = '' } = result.value.earn ?? {};
    add(channel);
    for (const { ruleId, displayName, note } of lines) add(ruleId, displayName, note);
  }
  return units * bytesPerUnitMax + lines * lineBytesMax;
}

function omitExplanation({ result }: BatchEarnOutcome | BatchAdjustOutcome): void {
  if (result.case !== 'success' || !('earn' in result.value)) return;
  const { earn } = result.value;
  if (earn === undefined || earn.explanation.length === 0) return;
  earn.explanation = [];
  earn.explanationOmitted = true;
}

function omitDetails({ result }: BatchEarnOutcome | BatchAdjustOutcome): void {
  if (result.case !== 'failure') return;
  const { value: failure } = result;
  if (failure.violations.length === 0 && Object.keys(failure.metadata).length === 0) return;
  failure.violations = [];
  failure.metadata = {};
  failure.detailsOmitted = true;
}
