import type { AccessedIds } from '@loyalty/platform/auth/access.ts';
import { idsInJson, shapeOfIds } from '@loyalty/platform/json/ids-in-json.ts';
import type { JsonShape } from '@loyalty/platform/json/json-shape.ts';
import { type JsonInput, type JsonInputObject, jsonIn } from '@loyalty/platform/json/json-text.ts';
import type { HttpInput } from './request-from-http.ts';
import { pathFields } from './request-from-http.ts';
import type { Route } from './routes-from-descriptors.ts';

/** The ids in a request's path that decide who may call, so that those who may not needn't send a body. */
export function idsInPath(route: Route, input: Pick<HttpInput, 'values' | 'caller'>): AccessedIds {
  return idsInJson(route.access, pathFields(route, input, { path: '', violations: [] }));
}

/** The same of all that can be read of a request, which may not be a message. */
export function idsInRequest(route: Route, input: HttpInput): AccessedIds {
  const shape = shapeOfIdsInBody(route);
  const body = shape && input.body && jsonIn(input.body, shape);
  const ids = idsInJson(route.access, {
    ...textsInQuery(route, input.query),
    ...membersOf(route, body),
    ...pathFields(route, input, { path: '', violations: [] }),
  });
  return ids.userId === 'me' ? { ...ids, userId: input.caller.subject } : ids;
}

function textsInQuery({ queryFields }: Route, query: string): JsonInputObject {
  const texts = new URLSearchParams(query);
  return Object.fromEntries(
    queryFields.flatMap(({ name, jsonName }) => {
      const text = texts.get(jsonName) ?? texts.get(name);
      return text === null ? [] : [[jsonName, text]];
    }),
  );
}

/** Undefined if no such id can be in the body. */
function shapeOfIdsInBody({ access, body: field }: Route): JsonShape | undefined {
  const shape = shapeOfIds(access);
  if (field === 'request') return shape;
  return field !== undefined && shape.kind === 'names' ? shape.shapeOf(field.jsonName) : undefined;
}

function membersOf({ body: field }: Route, body: JsonInput | undefined): JsonInputObject {
  if (field === undefined || body === undefined) return {};
  if (field !== 'request') return { [field.jsonName]: body };
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as JsonInputObject)
    : {};
}
