import { create, type DescMessage, type Message } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator, type Violation } from '@bufbuild/protovalidate';
import { type FieldViolation, ValidationFailed } from '../errors.ts';
import { sizeOf } from './message-size.ts';
import { quickValidatorOf } from './quick-validation.ts';
import { wordsOf } from './violation-words.ts';

/** Compiled once; the patterns are those of the contracts, so that no caller can bring a slow one. */
const patterns = new Map<string, RegExp>();

const validator = createValidator({ regexMatch });

/**
 * For large messages. To put one fault into words takes 35 µs, so that all faults of a message of 1 MiB took 12 seconds,
 * in which nobody else was served.
 */
const firstFaultValidator = createValidator({ regexMatch, failFast: true });
const smallMessageElements = 25;

/**
 * Checks messages by their `buf.validate` rules. The rules are compiled here, once per message, so that a mistake in
 * one stops the process at its start. The check throws ValidationFailed with every field that is wrong, and the first
 * rule that it breaks: an empty id breaks three, and one says it. Of a message that is too large only the lists and maps
 * that make it so are named, and of a large one only the first field.
 */
export function validatorOf(schema: DescMessage): (message: Message) => void {
  const trial = validator.validate(schema, create(schema));
  if (trial.kind === 'error' && trial.error.name === 'CompilationError') throw trial.error;
  const isQuicklyValid = quickValidatorOf(schema);
  return (message) => {
    if (isQuicklyValid(message)) return;
    const { elements, tooLong } = sizeOf(schema, message);
    if (tooLong.length > 0) throw new ValidationFailed(tooLong);
    const { validate } = elements <= smallMessageElements ? validator : firstFaultValidator;
    const result = validate(schema, message);
    if (result.kind === 'valid') return;
    if (result.kind === 'error') throw result.error;
    throw new ValidationFailed(firstOfEachField(result.violations, schema));
  };
}

// The library's own engine guards against patterns of strangers, and takes longer than all other rules together.
function regexMatch(pattern: string, against: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u');
    patterns.set(pattern, compiled);
  }
  return compiled.test(against);
}

function firstOfEachField(violations: readonly Violation[], schema: DescMessage): FieldViolation[] {
  const first = new Map<string, FieldViolation>();
  for (const violation of violations) {
    const field = pathToString(fieldsOf(violation));
    if (!first.has(field)) first.set(field, { field, ...wordsOf(violation, schema) });
  }
  return [...first.values()];
}

/** The path without the name of a oneof, which no request has: what is missing is missing from the message around it. */
function fieldsOf({ field }: Violation): Violation['field'] {
  return field.at(-1)?.kind === 'oneof' ? field.slice(0, -1) : field;
}
