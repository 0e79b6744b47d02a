import { type DescField, getOption } from '@bufbuild/protobuf';
import { field as fieldRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';

/** What a field of an enum, or each item of a list of them, must be, by the names that a request may give. */
export function wordsOfEnum(field: DescField): string {
  const refused = refusedNumbers(field);
  const values = field.enum?.values.filter(({ number }) => !refused.includes(number)) ?? [];
  return `must be one of ${values.map(({ name }) => name).join(', ')}`;
}

function refusedNumbers(field: DescField): readonly number[] {
  const { type } = getOption(field, fieldRules);
  const rules = type.case === 'repeated' ? type.value.items?.type : type;
  return rules?.case === 'enum' ? [0, ...rules.value.notIn] : [0];
}
