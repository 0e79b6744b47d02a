import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { oneof as oneofRules } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { Route } from '@loyalty/gateway/routes-from-descriptors.ts';
import { componentName } from './component-names.ts';
import type { Components } from './components.ts';
import { constraintsOf, isRequired, requiredByExpressions, rulesOf } from './constraints.ts';
import type { ContractOptions } from './contract-options.ts';
import { type Schema, schemaRef } from './schema.ts';
import { described, joined, sentence } from './texts.ts';
import { elementSchema, oneofKeywords } from './value-schemas.ts';

export interface RequestSchemas {
  /** The schema of a route's body, and whether a request needs one; undefined if the route has no body. */
  body(route: Route): { schema: Schema; isRequired: boolean } | undefined;
  /** The schema of a value that the path, the query or a header gives. */
  parameter(field: DescField, options: { takesMe: boolean }): Schema;
}

/** Makes the schemas of what the gateway takes: with the constraints of buf.validate, and no other fields than these. */
export function createRequestSchemas(
  components: Components,
  { textRules, isPatchedByKey }: ContractOptions,
): RequestSchemas {
  const constraints = (rules: Parameters<typeof constraintsOf>[0], field: DescField) =>
    constraintsOf(rules, { field, textRules });

  const inputRef = (desc: DescMessage): Schema => {
    const name = `${componentName(desc)}Input`;
    components.add(name, {
      owner: `${desc.typeName} in requests`,
      make: () => messageSchema(desc, { fields: desc.fields, takesMe: false }),
    });
    return schemaRef(name);
  };

  const messageSchema = (
    desc: DescMessage,
    { fields, takesMe }: { fields: readonly DescField[]; takesMe: boolean },
  ): Schema => {
    const required = fields.filter(isRequired).map(({ jsonName }) => jsonName);
    return {
      ...described(components.comment(desc)),
      type: 'object',
      properties: Object.fromEntries(
        fields.map((field) => [field.jsonName, fieldSchema(field, { takesMe })]),
      ),
      ...(required.length > 0 ? { required } : {}),
      ...oneofKeywords(desc, {
        has: (field) => fields.includes(field),
        isRequired: (oneof) => getOption(oneof, oneofRules).required,
      }),
      additionalProperties: false,
    };
  };

  const fieldSchema = (field: DescField, { takesMe }: { takesMe: boolean }): Schema => {
    const rules = rulesOf(field);
    const { keywords, words } = constraints(rules, field);
    const element = elementSchema(field, {
      ofMessage: inputRef,
      ofEnum: (desc) =>
        keywords['enum'] === undefined ? components.enumRef(desc) : { type: 'string' },
      direction: 'request',
    });
    const description = (...more: readonly string[]) =>
      described(joined(components.comment(field), ...words, ...more));
    switch (field.fieldKind) {
      case 'list': {
        const items = rules.type.case === 'repeated' ? rules.type.value.items : undefined;
        const ofItems = constraints(items, field);
        return {
          ...description(...ofItems.words),
          type: 'array',
          items: constrained(element, ofItems.keywords),
          ...keywords,
        };
      }
      case 'map': {
        const values = rules.type.case === 'map' ? rules.type.value.values : undefined;
        const ofValues = constraints(values, field);
        return {
          ...description(...ofValues.words.map((text) => `Values: ${lowerCase(text)}`)),
          type: 'object',
          additionalProperties: constrained(element, ofValues.keywords),
          ...keywords,
        };
      }
      default: {
        if (takesMe && isCallersId(field))
          return { ...description(), ...element, ...withMe(keywords) };
        const expressions = rules.cel.map(({ message }) => inJsonNames(message, field));
        const requirements = requiredByExpressions(field);
        return requirements.length > 0
          ? { ...description(...expressions), allOf: [element, ...requirements] }
          : { ...description(...expressions), ...constrained(element, keywords) };
      }
    }
  };

  /** What a PATCH changes: each field may be given, and null clears it. */
  const patchRef = (desc: DescMessage): Schema => {
    const name = `${componentName(desc)}Patch`;
    components.add(name, {
      owner: `${desc.typeName} in updates`,
      make: () => ({
        description: joined(
          components.comment(desc),
          'Only the fields in the body change. Null clears a field.',
        ),
        type: 'object',
        properties: Object.fromEntries(
          desc.fields.map((field) => [field.jsonName, patchedFieldSchema(field)]),
        ),
        minProperties: 1,
        ...oneofKeywords(desc, { has: () => true, isRequired: () => false }),
        additionalProperties: false,
      }),
    });
    return schemaRef(name);
  };

  const patchedFieldSchema = (field: DescField): Schema => {
    const schema = fieldSchema(field, { takesMe: false });
    if (!isPatchedByKey(field)) return orNull(schema);
    const { additionalProperties, description, ...others } = schema;
    return {
      description: joined(
        description as string,
        'Keys that are absent stay as they are; a key that is null is removed.',
      ),
      ...others,
      // As many keys may be removed as may be set.
      maxProperties: 2 * Number(others['maxProperties']),
      additionalProperties: orNull(additionalProperties as Schema),
    };
  };

  return {
    body({ method, body, pathFields, headerFields, maskField, access }) {
      if (body === undefined) return undefined;
      if (body === 'request') {
        const elsewhere = new Set([...pathFields, ...headerFields.map(({ field }) => field)]);
        const fields = method.input.fields.filter((field) => !elsewhere.has(field));
        const name = componentName(method.input);
        components.add(name, {
          owner: `${method.input.typeName} in requests`,
          make: () => messageSchema(method.input, { fields, takesMe: access.roles.has('member') }),
        });
        const isNeeded =
          fields.some(isRequired) ||
          method.input.oneofs.some((oneof) => getOption(oneof, oneofRules).required);
        return { schema: schemaRef(name), isRequired: isNeeded };
      }
      if (body.message === undefined) throw new Error(`${body.name} can't be a body`);
      const schema =
        maskField === undefined ? fieldSchema(body, { takesMe: false }) : patchRef(body.message);
      return { schema, isRequired: true };
    },
    parameter(field, options) {
      const { description: _, ...schema } = fieldSchema(field, options);
      // Text has no kinds of integers.
      return Array.isArray(schema['type'])
        ? { ...schema, type: 'integer', pattern: undefined }
        : schema;
    },
  };
}

/** Whether the gateway takes `me` for it. */
export function isCallersId(field: DescField): boolean {
  return field.name === 'user_id';
}

/** Without the rule that nobody is called `me`. */
function withMe(keywords: Schema): Schema {
  const { not, ...others } = keywords;
  const names = (not as { enum: string[] } | undefined)?.enum.filter((name) => name !== 'me') ?? [];
  return names.length > 0 ? { ...others, not: { ...(not as Schema), enum: names } } : others;
}

function constrained(schema: Schema, keywords: Schema): Schema {
  return { ...schema, ...keywords };
}

function orNull(schema: Schema): Schema {
  const { description, ...value } = schema;
  const { type } = value;
  const words = description === undefined ? {} : { description };
  if (value['enum'] === undefined && (typeof type === 'string' || Array.isArray(type))) {
    return { ...words, ...value, type: [type, 'null'].flat() };
  }
  return { ...words, anyOf: [value, { type: 'null' }] };
}

function inJsonNames(message: string, { message: desc }: DescField): string {
  const text = message.replace(/\w+/g, (word) => {
    const field = desc?.fields.find(({ name }) => name === word);
    return field?.jsonName ?? word;
  });
  return sentence(text);
}

function lowerCase(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
