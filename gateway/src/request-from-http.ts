import {
  type DescField,
  fromJson,
  type JsonObject,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import { type FieldViolation, ValidationFailed } from '@loyalty/platform/errors.ts';
import { at, fieldByKey, isObject, type Place, readMessage } from './json-input.ts';
import { type JsonInput, type JsonInputObject, quoted } from './json-text.ts';
import type { Route } from './routes-from-descriptors.ts';

/** The parts of an HTTP request that its message is made of. */
export interface HttpInput {
  /** Raw path segments for the route's path fields, still percent-encoded. */
  readonly values: readonly string[];
  /** Raw query, without the question mark. */
  readonly query: string;
  /** Every value that a header was sent with. */
  readonly headerValues: (header: string) => readonly string[];
  /** Undefined if the request has no body. */
  readonly body: JsonInput | undefined;
  /** The caller's, for whom `me` stands in a path. */
  readonly subject: string;
}

/**
 * Makes the message of a request.
 *
 * @throws {ValidationFailed} naming every field at fault as the client knows it: by its JSON name or its header
 */
export function requestFromHttp(route: Route, input: HttpInput): Message {
  const violations: FieldViolation[] = [];
  const top: Place = { path: '', violations };
  const request: JsonInputObject = {
    ...bodyFields(route, input.body, top),
    ...queryFields(route, input.query, top),
    ...headerFields(route, input.headerValues, top),
    ...pathFields(route, input, top),
  };
  const json = readMessage(route.method.input, request, top);
  refuseAll(route, violations);
  try {
    return fromJson(route.method.input, json as JsonObject);
  } catch (error) {
    // Bytes, durations and the like are checked by this parser alone.
    const message = Error.isError(error) ? error.message : 'can not be read';
    throw new ValidationFailed([{ field: '', message }], { cause: error });
  }
}

function refuseAll(route: Route, violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  throw new ValidationFailed(
    violations.map(({ field, message }) => ({ field: clientPath(route, field), message })),
  );
}

function bodyFields(route: Route, body: JsonInput | undefined, top: Place): JsonInputObject {
  if (route.body === undefined) return {};
  const given = body ?? {};
  if (!isObject(given)) {
    top.violations.push({ field: '', message: 'the body must be a JSON object' });
    return {};
  }
  if (route.body !== 'request') return resourceFields(route, route.body, given, top);
  for (const key of Object.keys(given)) {
    const place = placeOf(route, fieldByKey(route.method.input, key));
    if (place !== undefined) {
      top.violations.push({ field: key, message: `is given by ${place} and not by the body` });
    }
  }
  return top.violations.length > 0 ? {} : given;
}

function placeOf(route: Route, field: DescField | undefined): string | undefined {
  if (field === undefined) return undefined;
  if (route.pathFields.includes(field)) return 'the path';
  const bound = route.headerFields.find((candidate) => candidate.field === field);
  return bound === undefined ? undefined : `the header ${bound.header}`;
}

/** The body of a PATCH says by its keys what is to change; a null is a change, too. */
function resourceFields(
  route: Route,
  field: DescField,
  body: JsonInputObject,
  top: Place,
): JsonInputObject {
  if (route.maskField === undefined || field.message === undefined) {
    return { [field.jsonName]: body };
  }
  const paths = Object.keys(body).flatMap((key) => {
    const member = field.message === undefined ? undefined : fieldByKey(field.message, key);
    // The etag is the condition of the change and no part of it.
    return member === undefined || member.name === 'etag' ? [] : [member.jsonName];
  });
  if (paths.length === 0 && Object.keys(body).every((key) => key === 'etag')) {
    top.violations.push({ field: '', message: 'the body names no field to change' });
  }
  return { [field.jsonName]: body, [route.maskField.jsonName]: paths.join(',') };
}

function queryFields(route: Route, query: string, top: Place): JsonInputObject {
  const values = new Map<DescField, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeQuery(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodeQuery(equals < 0 ? '' : pair.slice(equals + 1));
    const field = name === undefined ? undefined : fieldByKey(route.method.input, name);
    if (name === undefined || value === undefined) {
      top.violations.push({ field: name ?? '', message: 'the query is not percent-encoded UTF-8' });
    } else if (field === undefined || !route.queryFields.includes(field)) {
      top.violations.push({
        field: name,
        message: `${quoted(name)} is not a query parameter here`,
      });
    } else {
      values.set(field, [...(values.get(field) ?? []), value]);
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
    if (value === undefined) continue;
    if (others.length > 0) {
      top.violations.push({ field: bound.field.jsonName, message: 'is given twice' });
      continue;
    }
    output[bound.field.jsonName] = value;
  }
  return output;
}

function pathFields(route: Route, { values, subject }: HttpInput, top: Place): JsonInputObject {
  const output: JsonInputObject = {};
  route.pathFields.forEach((field, index) => {
    const value = decode(values[index] ?? '');
    if (value === undefined) {
      top.violations.push({ field: field.jsonName, message: 'is not percent-encoded UTF-8' });
    } else {
      const isCaller = field.name === 'user_id' && value === 'me';
      output[field.jsonName] = fromText(field, isCaller ? subject : value);
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
  const steps = path.match(/[^.[\]]+|\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]/g) ?? [];
  let message = route.method.input as DescField['message'];
  let output: Place = { path: '', violations: [] };
  for (const [index, step] of steps.entries()) {
    if (step.startsWith('[')) {
      output = { ...output, path: output.path + step };
      continue;
    }
    const field = message === undefined ? undefined : fieldByKey(message, step);
    const bound = index === 0 && route.headerFields.find((each) => each.field === field);
    if (bound) return bound.header;
    const isBody = index === 0 && field !== undefined && field === route.body && steps.length > 1;
    if (!isBody) output = at(output, field?.jsonName ?? step);
    message = field?.message;
  }
  return output.path;
}
