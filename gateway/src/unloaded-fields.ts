import { type DescField, type DescMessage, type DescMethod, getOption } from '@bufbuild/protobuf';
import type { UnloadedFields } from '@loyalty/platform/json/message-to-json.ts';
import { unloaded } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';

type Unloading = Map<DescField, Unloading | 'ALL'>;

/**
 * What the method says that its response doesn't load.
 *
 * @throws {Error} naming a path that isn't one of the response
 */
export function unloadedFieldsOf(method: DescMethod): UnloadedFields {
  const fields: Unloading = new Map();
  for (const path of getOption(method, unloaded)) add(fields, method.output, path.split('.'), path);
  return fields;
}

function add(
  fields: Unloading,
  message: DescMessage,
  [name, ...rest]: readonly string[],
  path: string,
): void {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`unloaded: there is no ${path}`);
  if (rest.length === 0) {
    fields.set(field, 'ALL');
    return;
  }
  if (field.fieldKind === 'map' || field.message === undefined) {
    throw new Error(`unloaded: ${path} goes through a field without fields`);
  }
  const inner = fields.get(field) ?? new Map();
  if (inner === 'ALL') throw new Error(`unloaded: ${path} is a part of what is left out already`);
  fields.set(field, inner);
  add(inner, field.message, rest, path);
}
