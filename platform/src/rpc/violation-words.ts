import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { isReflectList, isReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import type { Violation } from '@bufbuild/protovalidate';
import {
  FieldRulesSchema,
  field as fieldRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { wordsOfEnum } from '../enum-words.ts';
import type { FieldViolation } from '../errors.ts';
import { wordsOfPatterns, wordsOfReserved } from './text-rules.ts';

/**
 * What is wrong with a field, in words for who sent it: no regular expressions, and enums by their names. `names` are the
 * fields that the message names.
 */
export function wordsOf(
  violation: Violation,
  schema: DescMessage,
): Pick<FieldViolation, 'message' | 'names'> {
  const words = wordsOfRule(violation);
  const namesAround = fieldsAround(violation, schema).map(({ name }) => name);
  const names = (words.match(/\w+/g) ?? []).filter((word) => namesAround.includes(word));
  return {
    message: violation.forKey ? `its key ${words}` : words,
    ...(names.length > 0 && { names }),
  };
}

/** The fields of the message, or of the oneof, that breaks the rule. */
function fieldsAround({ field }: Violation, schema: DescMessage): readonly DescField[] {
  const last = field.at(-1);
  if (last === undefined) return schema.fields;
  if (last.kind === 'oneof') return last.fields;
  return last.kind === 'field' ? (last.message?.fields ?? []) : [];
}

function wordsOfRule(violation: Violation): string {
  const { message, ruleId } = violation;
  const [kind = '', rule = ''] = ruleId.split('.');
  switch (`${kind}.${rule}`) {
    case 'required.':
      return wordsOfAbsence(violation);
    case 'string.pattern':
      return wordsOfPatterns.get(String(ruleValueOf(violation))) ?? message;
    case 'string.min_bytes':
    case 'string.min_len':
      return ruleValueOf(violation) === 1n ? 'must not be empty' : message;
    case 'enum.defined_only':
    case 'enum.not_in':
      return wordsOfValue(violation);
    case 'string.not_in':
      return wordsOfReserved.get(listOf(violation).join()) ?? message;
    case 'int64.not_in':
      return `must not be ${listOf(violation).join(', ')}`;
    case 'repeated.min_items':
      return `must have at least ${countOf(violation, 'item')}`;
    case 'repeated.max_items':
      return `must have at most ${countOf(violation, 'item')}`;
    case 'repeated.unique':
      return 'must not have the same item twice';
    case 'map.max_pairs':
      return `must have at most ${countOf(violation, 'key')}`;
    default:
      return message
        .replaceAll('greater than or equal to', 'at least')
        .replaceAll('less than or equal to', 'at most');
  }
}

function wordsOfAbsence({ field }: Violation): string {
  const absent = field.at(-1);
  return absent?.kind === 'oneof'
    ? `one of ${absent.fields.map(({ name }) => name).join(', ')} must be given`
    : 'must be given';
}

function wordsOfValue(violation: Violation): string {
  const field = fieldOf(violation);
  return field?.enum === undefined ? violation.message : wordsOfEnum(field);
}

/** The values of a list in the contract. */
function listOf(violation: Violation): string[] {
  const values = ruleValueOf(violation);
  return isReflectList(values) ? Array.from(values, String) : [];
}

function countOf(violation: Violation, noun: string): string {
  const count = String(ruleValueOf(violation));
  return count === '1' ? `1 ${noun}` : `${count} ${noun}s`;
}

/** The field that the rule stands at, also where one of its items or keys breaks it. */
function fieldOf({ field }: Violation): DescField | undefined {
  return field.findLast((step): step is DescField => step.kind === 'field');
}

/** What the contract says of the rule: the 20 of `max_bytes: 20`. */
function ruleValueOf(violation: Violation): unknown {
  const field = fieldOf(violation);
  if (field === undefined) return undefined;
  let value: unknown = reflect(FieldRulesSchema, getOption(field, fieldRules));
  for (const step of violation.rule) {
    if (!isReflectMessage(value) || step.kind !== 'field') return undefined;
    value = value.get(step);
  }
  return value;
}
