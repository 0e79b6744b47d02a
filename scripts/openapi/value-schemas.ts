// Values as the JSON of this API has them (platform/src/json/message-to-json.ts, platform/src/json/json-message.ts).
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { componentName } from './component-names.ts';
import { type Schema, schemaRef } from './schema.ts';
import type { CommentReader } from './texts.ts';

/** Whether the values enter or leave. */
export type Direction = 'request' | 'response';

const formats64: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.SINT64,
  ScalarType.SFIXED64,
  ScalarType.UINT64,
  ScalarType.FIXED64,
]);

/** @throws {Error} for a kind of value that the contracts didn't have yet */
export function scalarSchema(type: ScalarType, direction: Direction): Schema {
  if (formats64.has(type)) {
    return direction === 'response'
      ? { type: 'integer', format: 'int64' }
      : { type: ['integer', 'string'], format: 'int64', pattern: '^-?(0|[1-9][0-9]*)$' };
  }
  switch (type) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', format: 'int64', minimum: 0, maximum: 2 ** 32 - 1 };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    default:
      throw new Error(`No schema for values of the type ${ScalarType[type]}`);
  }
}

/** Undefined for a message of the platform's own. */
export function wellKnownSchema({ typeName }: DescMessage): Schema | undefined {
  if (!typeName.startsWith('google.protobuf.')) return undefined;
  switch (typeName) {
    case 'google.protobuf.Timestamp':
      return { type: 'string', format: 'date-time' };
    case 'google.protobuf.Duration':
      return { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' };
    default:
      throw new Error(`No schema for ${typeName}`);
  }
}

/** The names of an enum, and what each means. */
export function enumSchema(desc: DescEnum, comment: CommentReader): Schema {
  const meanings = desc.values.map((value) => `- \`${value.name}\`: ${comment(value)}`);
  return {
    description: [comment(desc), ...meanings].join('\n'),
    type: 'string',
    enum: desc.values.map(({ name }) => name),
  };
}

/** What a field has one of, or a list or map has several of. */
export interface ElementSchemas {
  readonly ofMessage: (desc: DescMessage) => Schema;
  readonly ofEnum: (desc: DescEnum) => Schema;
  readonly direction: Direction;
}

export function elementSchema(
  field: DescField,
  { ofMessage, ofEnum, direction }: ElementSchemas,
): Schema {
  if (field.message !== undefined)
    return wellKnownSchema(field.message) ?? ofMessage(field.message);
  if (field.enum !== undefined) return ofEnum(field.enum);
  return scalarSchema(field.scalar ?? ScalarType.STRING, direction);
}

/** Refers to an enum among the components, which the caller has to add. */
export function enumRef(desc: DescEnum): Schema {
  return schemaRef(componentName(desc));
}

/** At most one field of each oneof, or exactly one where the rules ask for it. */
export function oneofKeywords(
  desc: DescMessage,
  options: { has: (field: DescField) => boolean; isRequired: (oneof: Oneof) => boolean },
): Schema {
  const choices = desc.oneofs.flatMap((oneof): Schema[] => {
    const names = oneof.fields.filter(options.has).map(({ jsonName }) => jsonName);
    if (names.length === 0) return [];
    const each = names.map((name): Schema => ({ title: name, required: [name] }));
    if (options.isRequired(oneof)) return [{ oneOf: each }];
    return names.length === 1
      ? []
      : [{ oneOf: [...each, { title: 'none', not: { anyOf: each } }] }];
  });
  const [first, ...others] = choices;
  if (first === undefined) return {};
  return others.length === 0 ? first : { allOf: choices };
}

export type Oneof = DescMessage['oneofs'][number];
