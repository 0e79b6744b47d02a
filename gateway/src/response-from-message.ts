import type { DescMessage, JsonValue, Message } from '@bufbuild/protobuf';
import {
  allLoaded,
  fieldValue,
  type UnloadedFields,
  writeMessage,
} from '@loyalty/platform/json/message-to-json.ts';
import { expandPath } from './path-template.ts';
import type { Location, Route } from './routes-from-descriptors.ts';

/** A success as an HTTP response. */
export interface SuccessResponse {
  readonly status: number;
  readonly body: JsonValue;
  /** Of the resource in the body, without quotes; undefined where it has none. */
  readonly etag: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws {Error} when the service left out a part of its response */
export function responseFromMessage(route: Route, response: Message): SuccessResponse {
  const { desc, message, unloaded } = bodyMessageOf(route, response);
  const replayed = (response as unknown as Fields)['replayed'] === true;
  const status = replayed && route.status === 201 ? 200 : route.status;
  const headers: Record<string, string> = {};
  if (route.location !== undefined && status !== 200) {
    headers['location'] = locationOf(route.location, response);
  }
  const etag = etagOf(desc, message);
  return { status, body: writeMessage(desc, message, unloaded), etag, headers };
}

function bodyMessageOf(
  { method, responseField: field, unloaded }: Route,
  response: Message,
): { desc: DescMessage; message: Message; unloaded: UnloadedFields } {
  if (field === undefined) return { desc: method.output, message: response, unloaded };
  const message = fieldValue(field, response) as Message | undefined;
  if (message === undefined) {
    throw new Error(`${method.output.typeName} has no ${field.name}`);
  }
  const within = unloaded.get(field);
  return { desc: field.message, message, unloaded: within instanceof Map ? within : allLoaded };
}

function locationOf({ template, fields }: Location, response: Message): string {
  return expandPath(template, (name) => {
    let value: unknown = response;
    for (const field of fields.get(name) ?? []) {
      value = value === undefined ? undefined : fieldValue(field, value as Fields);
    }
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new Error(`${response.$typeName} has no ${name}`);
  });
}

function etagOf(desc: DescMessage, message: Message): string | undefined {
  const field = desc.fields.find((candidate) => candidate.name === 'etag');
  const etag = field === undefined ? undefined : fieldValue(field, message);
  return typeof etag === 'string' && etag !== '' ? etag : undefined;
}
