import {
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  getOption,
  hasOption,
  ScalarType,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { type Access, accessOf } from '@loyalty/platform/auth/access.ts';
import { maskFieldOf } from '@loyalty/platform/json/mask-text.ts';
import type { UnloadedFields } from '@loyalty/platform/json/message-to-json.ts';
import { unaryMethodsOf } from '@loyalty/platform/rpc/mount.ts';
import { http } from '@loyalty/proto/google/api/annotations_pb.ts';
import type { HttpRule } from '@loyalty/proto/google/api/http_pb.ts';
import { header, http_answer } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';
import { fieldsOf, type PathTemplate, parsePathTemplate } from './path-template.ts';
import { unloadedFieldsOf } from './unloaded-fields.ts';

/** An RPC's HTTP route: everything that its descriptor says about it. */
export interface Route {
  readonly method: DescMethodUnary;
  /** `GET`, `POST`, … */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  /** The template as the contract writes it. */
  readonly path: string;
  /** Fields of the request that the path gives, from left to right. */
  readonly pathFields: readonly DescField[];
  /** What the body is: the request itself, a field of it, or nothing. */
  readonly body: 'request' | DescField | undefined;
  /** Fields that the query can give. */
  readonly queryFields: readonly DescField[];
  readonly headerFields: readonly HeaderField[];
  /** The field of a PATCH that names what is to change. */
  readonly maskField: DescField | undefined;
  /** The field of the response that is the body; the whole response if undefined. */
  readonly responseField: MessageField | undefined;
  /** Status of a success that isn't a repetition. */
  readonly status: number;
  readonly location: Location | undefined;
  /** Fields of the response that the method never fills. */
  readonly unloaded: UnloadedFields;
  /** Who may call the method. */
  readonly access: Access;
  /** Whether the method changes nothing. */
  readonly reads: boolean;
}

export type MessageField = DescField & { fieldKind: 'message' };

export interface HeaderField {
  readonly field: DescField;
  readonly header: string;
}

export interface Location {
  readonly template: PathTemplate;
  /** By the path in the template: the fields of the response that lead to the value. */
  readonly fields: ReadonlyMap<string, readonly DescField[]>;
}

/**
 * Reads the routes of every method that is annotated with google.api.http.
 *
 * @throws {Error} naming the method, if its annotations contradict its messages or ask for what isn't served here
 */
export function readRoutes(services: readonly DescService[]): Route[] {
  return services.flatMap((service) =>
    unaryMethodsOf(service).flatMap((method) => {
      if (!hasOption(method, http)) return [];
      const rule = getOption(method, http);
      return [rule, ...rule.additionalBindings].map((binding) => {
        try {
          return readRoute(method, binding);
        } catch (error) {
          throw new Error(`${service.typeName}/${method.name} can't be served over HTTP`, {
            cause: error,
          });
        }
      });
    }),
  );
}

function readRoute(method: DescMethodUnary, rule: HttpRule): Route {
  const { httpMethod, path } = patternOf(rule);
  const template = parsePathTemplate(path);
  const request = method.input;
  const pathFields = fieldsOf(template).map((name) => fieldOf(request, name));
  const headerFields = request.fields.flatMap((field): HeaderField[] =>
    hasOption(field, header) ? [{ field, header: getOption(field, header) }] : [],
  );
  for (const field of [...pathFields, ...headerFields.map((bound) => bound.field)]) {
    if (!fitsIntoPath(field)) throw new Error(`${field.name} can't be in a path or header`);
  }
  const body = bodyOf(request, rule.body);
  const maskField = httpMethod === 'PATCH' ? maskFieldOf(request) : undefined;
  const elsewhere = new Set<DescField | undefined | 'request'>([
    ...pathFields,
    ...headerFields.map((bound) => bound.field),
    body,
    maskField,
  ]);
  const queryFields =
    body === 'request' ? [] : request.fields.filter((field) => !elsewhere.has(field));
  for (const field of queryFields) {
    if (!fitsIntoQuery(field)) throw new Error(`${field.name} can't be in a query`);
  }
  const success = getOption(method, http_answer);
  return {
    method,
    httpMethod,
    template,
    path,
    pathFields,
    body,
    queryFields,
    headerFields,
    maskField,
    responseField: responseFieldOf(method.output, rule.responseBody),
    status: success.status === 0 ? 200 : success.status,
    location: locationOf(method.output, success.location),
    unloaded: unloadedFieldsOf(method),
    access: accessOf(method),
    reads:
      getOption(method, http).pattern.case === 'get' ||
      method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS,
  };
}

function patternOf({ pattern }: HttpRule): { httpMethod: string; path: string } {
  if (pattern.case === undefined || pattern.case === 'custom') {
    throw new Error('its route has an unsupported HTTP method');
  }
  return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
}

function fieldOf(message: DescMessage, name: string): DescField {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return field;
}

function bodyOf(request: DescMessage, name: string): Route['body'] {
  if (name === '') return undefined;
  return name === '*' ? 'request' : messageFieldOf(request, name);
}

function responseFieldOf(response: DescMessage, name: string): MessageField | undefined {
  return name === '' ? undefined : messageFieldOf(response, name);
}

function messageFieldOf(message: DescMessage, name: string): MessageField {
  const field = fieldOf(message, name);
  if (field.fieldKind !== 'message') throw new Error(`${name} can't be a body: it isn't a message`);
  return field;
}

function locationOf(response: DescMessage, path: string): Location | undefined {
  if (path === '') return undefined;
  const template = parsePathTemplate(path);
  const fields = fieldsOf(template).map((name): [string, DescField[]] => {
    const steps: DescField[] = [];
    let message: DescMessage | undefined = response;
    for (const part of name.split('.')) {
      if (message === undefined) throw new Error(`${name} goes through a field without fields`);
      const field: DescField = fieldOf(message, part);
      steps.push(field);
      message = field.fieldKind === 'message' ? field.message : undefined;
    }
    return [name, steps];
  });
  return { template, fields: new Map(fields) };
}

/** Kinds of scalars of which every value has one form as plain text. */
function isPlain(type: ScalarType | undefined): boolean {
  return type !== ScalarType.BYTES && type !== ScalarType.FLOAT && type !== ScalarType.DOUBLE;
}

function fitsIntoPath(field: DescField): boolean {
  if (field.oneof !== undefined) return false;
  return field.fieldKind === 'enum' || (field.fieldKind === 'scalar' && isPlain(field.scalar));
}

function fitsIntoQuery(field: DescField): boolean {
  switch (field.fieldKind) {
    case 'message':
      return field.message.typeName.startsWith('google.protobuf.');
    case 'list':
      return field.listKind !== 'message' && isPlain(field.scalar);
    case 'map':
      return false;
    case 'scalar':
      return isPlain(field.scalar);
    case 'enum':
      return true;
  }
}
