import { create, type DescField, getOption, type Message, ScalarType } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { isMemberOnly } from '@loyalty/platform/auth/access.ts';
import type { Caller } from '@loyalty/platform/auth/tokens.ts';
import { type FieldViolation, ValidationFailed } from '@loyalty/platform/errors.ts';
import { fieldByName, jsonFieldPath, memberPath } from '@loyalty/platform/json/field-path.ts';
import {
  isFull,
  isObject,
  messageOf,
  type Place,
  parseFor,
} from '@loyalty/platform/json/json-message.ts';
import { type JsonInput, type JsonInputObject, quoted } from '@loyalty/platform/json/json-text.ts';
import { patch_by_key } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';
import type { Route } from './routes-from-descriptors.ts';

/** The parts of an HTTP request that become its message. */
export interface HttpInput {
  /** Raw path segments for the route's path fields, still percent-encoded. */
  readonly values: readonly string[];
  /** Raw query, without the question mark. */
  readonly query: string;
  /** Every value that a header was sent with. */
  readonly headerValues: (header: string) => readonly string[];
  /** Undefined if the request has no body. */
  readonly body: Uint8Array | undefined;
  /** For whom `me` stands in a path, and where they are a member, as the user of a body, too. */
  readonly caller: Pick<Caller, 'subject' | 'roles' | 'programs'>;
}

/**
 * Makes the message of a request.
 *
 * @throws {ValidationFailed} naming every field at fault as the client knows it: by its JSON name or its header
 */
export function requestFromHttp(route: Route, input: HttpInput): Message {
  const violations: FieldViolation[] = [];
  const top: Place = { path: '', violations };
  const body = parsedBody(route, input.body, top);
  if (violations.length > 0) throw new ValidationFailed(violations);
  const request: JsonInputObject = {
    ...bodyFields(route, { body, caller: input.caller }, top),
    ...queryFields(route, input.query, top),
    ...headerFields(route, input.headerValues, top),
    ...pathFields(route, input, top),
  };
  return withMask(route, body, messageOf(route.method.input, request, violations));
}

function parsedBody(
  { body: field, method }: Route,
  bytes: Uint8Array | undefined,
  top: Place,
): JsonInput | undefined {
  if (bytes === undefined) return undefined;
  return field === undefined || field === 'request' || field.message === undefined
    ? parseFor(method.input, bytes, top)
    : parseFor(field.message, bytes, { ...top, path: field.jsonName });
}

/** The message with the paths that the body of a PATCH names. JSON has no form for a mask with any text as a key. */
function withMask(route: Route, body: JsonInput | undefined, message: Message): Message {
  if (route.maskField === undefined || !isObject(body)) return message;
  const mask = create(FieldMaskSchema, { paths: patchedPaths(route, body) });
  return Object.assign(message, { [route.maskField.localName]: mask });
}

function bodyFields(
  route: Route,
  { body, caller }: { body: JsonInput | undefined; caller: HttpInput['caller'] },
  top: Place,
): JsonInputObject {
  if (route.body === undefined) return {};
  const given = body === undefined ? {} : body;
  if (!isObject(given)) {
    top.violations.push({ field: '', message: 'the JSON must be an object' });
    return {};
  }
  if (route.body !== 'request') return resourceFields(route, route.body, given, top);
  for (const key of Object.keys(given)) {
    const place = placeOf(route, fieldByName(route.method.input, key));
    if (place !== undefined) {
      top.violations.push({ field: key, message: `is given by ${place} and not by the body` });
    }
  }
  return top.violations.length > 0 ? {} : withCaller(route, given, caller);
}

/** Members act only for themselves, so `me` can stand for their id. Backends act for others, and have to name them. */
function withCaller(
  { method }: Route,
  body: JsonInputObject,
  { subject, roles }: HttpInput['caller'],
): JsonInputObject {
  if (!isMemberOnly(roles)) return body;
  const isCaller = (key: string, value: JsonInput) =>
    value === 'me' && fieldByName(method.input, key)?.name === 'user_id';
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, isCaller(key, value) ? subject : value]),
  );
}

function placeOf(route: Route, field: DescField | undefined): string | undefined {
  if (field === undefined) return undefined;
  if (route.pathFields.includes(field)) return 'the path';
  const bound = route.headerFields.find((candidate) => candidate.field === field);
  return bound === undefined ? undefined : `the header ${bound.header}`;
}

function resourceFields(
  route: Route,
  field: DescField,
  body: JsonInputObject,
  top: Place,
): JsonInputObject {
  if (route.maskField === undefined) return { [field.jsonName]: body };
  if (Object.keys(body).every((key) => key === 'etag')) {
    top.violations.push({
      field: '',
      message: 'the body has no field to change; give at least one',
    });
  }
  const members = Object.entries(body).map(([key, value]): [string, JsonInput] => {
    const member = memberOf(field, key);
    if (member === undefined || !getOption(member, patch_by_key)) return [key, value];
    const path = memberPath(field.jsonName, member.jsonName);
    return [key, keysToSet(value, { ...top, path })];
  });
  return { [field.jsonName]: Object.fromEntries(members) };
}

/** A map that is patched by key, without the keys to remove. */
function keysToSet(map: JsonInput, { path, violations }: Place): JsonInput {
  if (map === null) {
    const message = 'must not be null; to remove a key, give that key as null';
    violations.push({ field: path, message });
  }
  if (!isObject(map)) return map;
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== null));
}

/** The body of a PATCH says by its keys what is to change; a null is a change, too. */
function patchedPaths({ body: field }: Route, body: JsonInputObject): string[] {
  if (field === undefined || field === 'request') return [];
  return Object.entries(body).flatMap(([key, value]) => {
    const member = memberOf(field, key);
    // The etag is the condition of the change and no part of it.
    if (member === undefined || member.name === 'etag') return [];
    return getOption(member, patch_by_key) && isObject(value)
      ? Object.keys(value).map((name) => `${member.name}.${name}`)
      : [member.name];
  });
}

function memberOf({ message }: DescField, key: string): DescField | undefined {
  return message === undefined ? undefined : fieldByName(message, key);
}

function queryFields(route: Route, query: string, top: Place): JsonInputObject {
  const values = new Map<DescField, string[]>();
  for (const pair of query.split('&')) {
    if (isFull(top)) break;
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodeQuery(equals < 0 ? '' : pair.slice(equals + 1));
    const field = name === undefined ? undefined : fieldByName(route.method.input, name);
    if (name === undefined || value === undefined) {
      top.violations.push({ field: name ?? '', message: 'the query is not percent-encoded UTF-8' });
    } else if (field === undefined || !route.queryFields.includes(field)) {
      top.violations.push({
        field: name,
        message: `${quoted(name)} is not a query parameter here`,
      });
    } else {
      const known = values.get(field);
      if (known === undefined) values.set(field, [value]);
      else known.push(value);
    }
  }
  const output: JsonInputObject = {};
  for (const [field, texts] of values) {
    const [first = '', ...others] = texts.map((text) => fromText(field, text));
    if (field.fieldKind === 'list') {
      output[field.jsonName] = [first, ...others];
    } else if (others.length > 0) {
      top.violations.push({ field: field.jsonName, message: 'is given twice' });
    } else {
      output[field.jsonName] = first;
    }
  }
  return output;
}

function headerFields(
  route: Route,
  headerValues: HttpInput['headerValues'],
  top: Place,
): JsonInputObject {
  const output: JsonInputObject = {};
  for (const bound of route.headerFields) {
    const [value, ...others] = headerValues(bound.header);
    const { jsonName } = bound.field;
    if (value === undefined) continue;
    if (others.length > 0) {
      top.violations.push({ field: jsonName, message: 'is given twice' });
    } else if (value === '') {
      // As an absent one it would drop the condition that the client meant to set.
      top.violations.push({ field: jsonName, message: 'must not be empty' });
    } else {
      output[jsonName] = value;
    }
  }
  return output;
}

/** The fields that a path gives; what isn't percent-encoded UTF-8 is left out, and a violation. */
export function pathFields(
  route: Route,
  { values, caller }: Pick<HttpInput, 'values' | 'caller'>,
  top: Place,
): JsonInputObject {
  const output: JsonInputObject = {};
  route.pathFields.forEach((field, index) => {
    const value = decode(values[index] ?? '');
    if (value === undefined) {
      top.violations.push({ field: field.jsonName, message: 'is not percent-encoded UTF-8' });
    } else {
      const isCaller = field.name === 'user_id' && value === 'me';
      output[field.jsonName] = fromText(field, isCaller ? caller.subject : value);
    }
  });
  return output;
}

/** Paths and queries know only text; every other kind of value is written as text in JSON, too. */
function fromText(field: DescField, text: string): JsonInput {
  const isBool = field.scalar === ScalarType.BOOL && (text === 'true' || text === 'false');
  return isBool ? text === 'true' : text;
}

function decodeQuery(text: string): string | undefined {
  return decode(text.replaceAll('+', ' '));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * A field's path in the request message, with JSON names or proto names, as the client who sent it over HTTP knows
 * it: `program.display_name` is `displayName` where the body is the program, and a header is called by its name.
 */
export function clientPath(route: Route, path: string): string {
  const { method, body, headerFields } = route;
  const [first = '', ...rest] = path.split('.');
  const field = fieldByName(method.input, first);
  const bound = headerFields.find((header) => header.field === field);
  if (bound !== undefined) return bound.header;
  return field?.message !== undefined && field === body && rest.length > 0
    ? jsonFieldPath(field.message, rest.join('.'))
    : jsonFieldPath(method.input, path);
}
