// gateway/openapi.json as a client reads it: what it may send, and what may come back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@loyalty/local/settings.ts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

export interface Schema {
  readonly [keyword: string]: unknown;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Content {
  readonly [mediaType: string]: { readonly schema: Schema } & Exemplified;
}

interface Exemplified {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, Schema>>;
}

export interface Operation {
  readonly operationId: string;
  readonly path: string;
  readonly method: string;
  readonly roles: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const id = 'openapi.json';
const document = JSON.parse(readFileSync(join(root, 'gateway/openapi.json'), 'utf8')) as Document &
  Schema;

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(
  ([path, item]) =>
    Object.entries(item).map(([method, operation]): Operation => {
      const body = operation['requestBody'] as { content: Content } | undefined;
      return {
        operationId: String(operation['operationId']),
        path,
        method: method.toUpperCase(),
        roles: operation['x-roles'] as string[],
        parameters: (operation['parameters'] as Schema[]).map(
          (parameter) => resolved(parameter) as unknown as Parameter,
        ),
        body: body?.content['application/json']?.schema,
      };
    }),
);

/** What a schema, a parameter or a response refers to; itself where it refers to nothing. */
export function resolved(value: Schema): Schema {
  const { $ref } = value;
  if (typeof $ref !== 'string') return value;
  const steps = $ref.slice('#/'.length).split('/').map(unescaped);
  return steps.reduce<Schema>((node, step) => node[step] as Schema, document);
}

/**
 * What isn't documented about a response, in words; undefined if all is. A member of a body that the document doesn't have is
 * undocumented, although clients have to live with new ones.
 */
export function undocumented(
  { path, method }: Operation,
  response: { status: number; contentType: string | undefined; body: string },
): string | undefined {
  const responses = document.paths[path]?.[method.toLowerCase()]?.['responses'] as Schema;
  const key = String(response.status) in responses ? String(response.status) : 'default';
  const pointer = ['paths', path, method.toLowerCase(), 'responses', key];
  const documented = responses[key] as Schema | undefined;
  if (documented === undefined) return `the status ${response.status}`;
  const content = resolved(documented)['content'] as Content | undefined;
  if (content === undefined) return response.body === '' ? undefined : 'a body';
  const mediaType = response.contentType?.split(';')[0] ?? '';
  if (content[mediaType] === undefined) return `a body of the type ${mediaType}`;
  const reference = documented['$ref'] as string | undefined;
  const place = reference ?? `#/${pointer.map(escaped).join('/')}`;
  const validate = validatorAt(`${place}/content/${escaped(mediaType)}/schema`);
  return validate(JSON.parse(response.body)) ? undefined : ajv.errorsText(validate.errors);
}

/** Every example of the document, with what is wrong with it. */
export function invalidExamples(): string[] {
  const problems: string[] = [];
  const check = (place: string, schemaPlace: string, { example, examples = {} }: Exemplified) => {
    const values = [
      ...(example === undefined ? [] : [example]),
      ...Object.values(examples).map((each) => resolved(each)['value']),
    ];
    const validate = validatorAt(schemaPlace);
    for (const value of values) {
      if (!validate(value)) problems.push(`${place}: ${ajv.errorsText(validate.errors)}`);
    }
  };
  const walk = (node: unknown, pointer: string) => {
    if (typeof node !== 'object' || node === null) return;
    const { schema, example, examples } = node as Schema & Exemplified;
    if (schema !== undefined) check(pointer, `${pointer}/schema`, { example, examples } as never);
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'example' && key !== 'value') walk(value, `${pointer}/${escaped(key)}`);
    }
  };
  walk(document, '#');
  return problems;
}

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats.default(ajv);
ajv.addSchema(closed(document) as Schema, id);
const validators = new Map<string, ValidateFunction>();

function validatorAt(place: string): ValidateFunction {
  const known = validators.get(place);
  if (known !== undefined) return known;
  const validate = ajv.compile({ $ref: `${id}${place}` });
  validators.set(place, validate);
  return validate;
}

/** A copy of the schema whose objects allow only documented members. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const { allOf, ...members } = node as Schema;
  const copy = Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, closed(value)]),
  );
  const isOpen =
    copy['type'] === 'object' &&
    copy['properties'] !== undefined &&
    copy['additionalProperties'] === undefined;
  return {
    ...copy,
    // The parts of a whole each know only some of its members.
    ...(allOf === undefined ? {} : { allOf }),
    ...(isOpen ? { additionalProperties: false } : {}),
  };
}

function escaped(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function unescaped(step: string): string {
  return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
}
