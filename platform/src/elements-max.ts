import { type DescField, getOption } from '@bufbuild/protobuf';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

export interface ElementsMax {
  /** Infinite if the contract has no bound. */
  readonly count: number;
  /** What is wrong with a list or map that has more. */
  readonly words: string;
}

/** Elements of all lists and maps of one request: to decode and check as many takes some 50 ms, in which nobody else is served. */
export const elementsInAllMax = 50_000;

/** What is wrong with a request that has more than {@link elementsInAllMax}. */
export const tooManyInAll = `must have at most ${elementsInAllMax} items and keys in all its lists and maps; split it`;

/** How many items a list or keys a map may have, by its `buf.validate` rule. */
export function elementsMaxOf(field: DescField): ElementsMax {
  const { type } = getOption(field, fieldRules);
  const max =
    type.case === 'repeated' ? type.value.maxItems : type.case === 'map' ? type.value.maxPairs : 0n;
  const noun = field.fieldKind === 'map' ? 'key' : 'item';
  return {
    count: Number(max) || Number.POSITIVE_INFINITY,
    words: `must have at most ${max} ${noun}${max === 1n ? '' : 's'}`,
  };
}
