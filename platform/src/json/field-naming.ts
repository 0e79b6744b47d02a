import type { DescMessage } from '@bufbuild/protobuf';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { type FieldViolation, type Reasoned, sentenceOf } from '../errors.ts';
import { jsonFieldPath } from './field-path.ts';

/** How a caller writes the names of fields. */
export interface FieldNaming {
  /** A path of proto names, such as `amount.minor_units`, as the caller writes it. */
  path(path: string): string;
  /** A text with the names of fields in it as the caller writes them; `names` are those that it has, as protos do. */
  text(text: string, names: readonly string[] | undefined): string;
}

/** Names fields as callers that send protobuf do. */
export const protoNaming: FieldNaming = { path: (path) => path, text: (text) => text };

/** Names fields as callers that send a message as JSON do. */
export function jsonNaming(desc: DescMessage): FieldNaming {
  return {
    path: (path) => jsonFieldPath(desc, path),
    text: (text, names = []) =>
      text.replace(/\w+/g, (word) => (names.includes(word) ? protoCamelCase(word) : word)),
  };
}

/** What an error says, with the names of fields as the caller writes them. */
export function named(
  { message, metadata = {}, violations = [], fields = [] }: Said,
  naming: FieldNaming,
): {
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
} {
  const told = violations.map((violation) => ({
    field: naming.path(violation.field),
    message: naming.text(violation.message, violation.names),
  }));
  const paths = fields.map((path): [string, string] => [path, naming.path(path)]);
  return {
    message:
      told.length > 0
        ? told.map(sentenceOf).join('; ')
        : paths.reduce((text, [path, written]) => text.replaceAll(path, written), message),
    metadata:
      metadata['fields'] === undefined
        ? metadata
        : { ...metadata, fields: paths.map(([, written]) => written).join(',') },
    violations: told,
  };
}

type Said = Pick<Reasoned, 'message' | 'metadata' | 'violations' | 'fields'>;
