// The rules of buf.validate as JSON Schema, and in words where JSON Schema has none.
import { type DescEnum, type DescField, getOption } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import {
  type EnumRules,
  type FieldRules,
  field as fieldRules,
  Ignore,
  type Int32Rules,
  type Int64Rules,
  type MapRules,
  type RepeatedRules,
  type StringRules,
  type TimestampRules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Schema } from './schema.ts';
import { sentence } from './texts.ts';

export interface Constraints {
  readonly keywords: Schema;
  /** Sentences about what the keywords don't say. */
  readonly words: readonly string[];
}

/** What a caller who breaks a rule for texts reads, by the rule: a pattern, or reserved texts joined by commas. */
export type TextRuleWords = ReadonlyMap<string, string>;

const none: Constraints = { keywords: {}, words: [] };

export function rulesOf(field: DescField): FieldRules {
  return getOption(field, fieldRules);
}

/** Whether a request without the field is refused, because the rules say so or don't allow the zero value. */
export function isRequired(field: DescField): boolean {
  const rules = rulesOf(field);
  if (rules.required) return true;
  const hasPresence =
    field.fieldKind !== 'list' &&
    field.fieldKind !== 'map' &&
    field.presence !== FeatureSet_FieldPresence.IMPLICIT;
  if (hasPresence || rules.ignore !== Ignore.UNSPECIFIED) return false;
  const { type } = rules;
  switch (type.case) {
    case 'string':
      return isEmptyTextRefused(type.value);
    case 'int32':
    case 'int64':
      return isZeroRefused(type.value);
    case 'enum':
      return type.value.notIn.includes(0);
    case 'repeated':
      return type.value.minItems > 0n;
    case 'map':
      return type.value.minPairs > 0n;
    default:
      return false;
  }
}

function isEmptyTextRefused({ minBytes, minLen, pattern, notIn }: StringRules): boolean {
  if (minBytes > 0n || minLen > 0n || notIn.includes('')) return true;
  return pattern !== '' && !new RegExp(pattern, 'u').test('');
}

function isZeroRefused({ greaterThan, lessThan, notIn }: Int32Rules | Int64Rules): boolean {
  const isTooLow =
    greaterThan.case === 'gte' ? greaterThan.value > 0 : (greaterThan.value ?? -1) >= 0;
  const isTooHigh = lessThan.case === 'lte' ? lessThan.value < 0 : (lessThan.value ?? 1) <= 0;
  return isTooLow || isTooHigh || notIn.some((value) => Number(value) === 0);
}

/**
 * The constraints of the field's value. Those of a list's items, and of a map's keys and values, are in the rules of the
 * list or map.
 *
 * @throws {Error} naming the field, for a kind of rule that no contract had yet
 */
export function constraintsOf(
  rules: FieldRules | undefined,
  { field, textRules }: { field: DescField; textRules: TextRuleWords },
): Constraints {
  if (rules === undefined || rules.ignore === Ignore.ALWAYS) return none;
  const mayBeEmpty = rules.ignore === Ignore.IF_ZERO_VALUE;
  const { type } = rules;
  switch (type.case) {
    case undefined:
      return none;
    case 'string':
      return textConstraints(type.value, { mayBeEmpty, textRules });
    case 'int32':
    case 'int64':
      return { keywords: integerKeywords(type.value), words: [] };
    case 'enum':
      return { keywords: enumKeywords(type.value, field.enum), words: [] };
    case 'repeated':
      return { keywords: listKeywords(type.value), words: [] };
    case 'map':
      return mapConstraints(type.value, { field, textRules });
    case 'timestamp':
      return { keywords: {}, words: timeWords(type.value) };
    default:
      throw new Error(
        `${field.parent.typeName}.${field.name} has a ${type.case} rule: say in constraints.ts what it is in JSON Schema`,
      );
  }
}

function textConstraints(
  { minBytes, maxBytes, minLen, maxLen, pattern, notIn }: StringRules,
  { mayBeEmpty, textRules }: { mayBeEmpty: boolean; textRules: TextRuleWords },
): Constraints {
  const reserved = textRules.get(notIn.join(','));
  const words = [pattern === '' ? undefined : textRules.get(pattern), reserved]
    .filter((text) => text !== undefined)
    .map(sentence);
  // JSON Schema counts characters: one has at most four bytes, and at least one.
  const least = minLen > 0n ? Number(minLen) : Math.ceil(Number(minBytes) / 4);
  const isUnsaid = pattern !== '' && !isPortable(pattern);
  const shortest = isUnsaid && !new RegExp(pattern, 'u').test('') ? Math.max(least, 1) : least;
  const longest = maxLen > 0n ? Number(maxLen) : Number(maxBytes);
  if (maxBytes > 0n) words.push(`At most ${maxBytes} bytes in UTF-8.`);
  return {
    keywords: {
      ...(shortest > 0 && !mayBeEmpty ? { minLength: shortest } : {}),
      ...(longest > 0 ? { maxLength: longest } : {}),
      ...(isPortable(pattern) ? { pattern: mayBeEmpty ? `^$|${pattern}` : pattern } : {}),
      // The type isn't needed, but viewers show "never" without it.
      ...(notIn.length > 0 ? { not: { type: 'string', enum: [...notIn] } } : {}),
    },
    words,
  };
}

/** Classes of Unicode characters are unknown to Python, and to JavaScript without its flag u. The words say what they mean. */
function isPortable(pattern: string): boolean {
  return pattern !== '' && !/\\p\{/i.test(pattern);
}

function integerKeywords({ greaterThan, lessThan, notIn }: Int32Rules | Int64Rules): Schema {
  const keywords: Record<string, unknown> = {};
  if (greaterThan.case === 'gte') keywords['minimum'] = Number(greaterThan.value);
  if (greaterThan.case === 'gt') keywords['exclusiveMinimum'] = Number(greaterThan.value);
  if (lessThan.case === 'lte') keywords['maximum'] = Number(lessThan.value);
  if (lessThan.case === 'lt') keywords['exclusiveMaximum'] = Number(lessThan.value);
  if (notIn.length > 0) keywords['not'] = { type: 'integer', enum: notIn.map(Number) };
  return keywords;
}

function enumKeywords({ notIn }: EnumRules, desc: DescEnum | undefined): Schema {
  if (notIn.length === 0 || desc === undefined) return {};
  const allowed = desc.values.filter(({ number }) => !notIn.includes(number));
  return { enum: allowed.map(({ name }) => name) };
}

function listKeywords({ minItems, maxItems, unique }: RepeatedRules): Schema {
  return {
    ...(minItems > 0n ? { minItems: Number(minItems) } : {}),
    ...(maxItems > 0n ? { maxItems: Number(maxItems) } : {}),
    ...(unique ? { uniqueItems: true } : {}),
  };
}

function mapConstraints(
  { minPairs, maxPairs, keys }: MapRules,
  context: { field: DescField; textRules: TextRuleWords },
): Constraints {
  const ofKeys = constraintsOf(keys, context);
  return {
    keywords: {
      ...(minPairs > 0n ? { minProperties: Number(minPairs) } : {}),
      ...(maxPairs > 0n ? { maxProperties: Number(maxPairs) } : {}),
      ...(keys === undefined ? {} : { propertyNames: ofKeys.keywords }),
    },
    words: ofKeys.words.map((text) => `Keys: ${text.charAt(0).toLowerCase()}${text.slice(1)}`),
  };
}

function timeWords({ lessThan, greaterThan }: TimestampRules): string[] {
  const words: string[] = [];
  if (lessThan.case === 'lt') words.push(`Before ${timeText(lessThan.value)}.`);
  if (lessThan.case === 'lte') words.push(`At the latest ${timeText(lessThan.value)}.`);
  if (greaterThan.case === 'gt') words.push(`After ${timeText(greaterThan.value)}.`);
  if (greaterThan.case === 'gte') words.push(`At the earliest ${timeText(greaterThan.value)}.`);
  return words;
}

function timeText({ seconds }: { seconds: bigint }): string {
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

/** An alternative of fields, one of which has to be set for an expression of CEL to be true. */
const isSet = /^(?:has\(this\.(\w+)\)|this\.(\w+) != '')$/;

/** What the CEL rules of a field require of the message in it, as JSON Schema; nothing of a rule that asks for more. */
export function requiredByExpressions(field: DescField): Schema[] {
  const { message } = field;
  if (message === undefined) return [];
  const single: string[] = [];
  const alternatives: Schema[] = [];
  for (const { expression } of rulesOf(field).cel) {
    const names = expression.split(' || ').map((term) => {
      const [, inHas, compared] = isSet.exec(term) ?? [];
      return message.fields.find(({ name }) => name === (inHas ?? compared))?.jsonName;
    });
    if (names.includes(undefined)) continue;
    const [first, ...others] = names as string[];
    if (first !== undefined && others.length === 0) single.push(first);
    else alternatives.push({ anyOf: names.map((name) => ({ title: name, required: [name] })) });
  }
  return [...(single.length > 0 ? [{ required: single }] : []), ...alternatives];
}
