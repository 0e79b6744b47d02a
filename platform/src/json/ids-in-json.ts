import type { DescField } from '@bufbuild/protobuf';
import type { Access, AccessedIds } from '../auth/access.ts';
import { isObject } from './json-message.ts';
import { type JsonShape, shapeOfBoth, shapeOfPath } from './json-shape.ts';
import type { JsonInput } from './json-text.ts';

type IdPaths = Pick<Access, 'programIdPath' | 'userIdPath'>;

/** The shape of the JSON of a request in which only those ids are looked for. */
export function shapeOfIds({ programIdPath = [], userIdPath = [] }: IdPaths): JsonShape {
  const shapeTo = (path: readonly DescField[]) =>
    shapeOfPath(path.map(({ name, jsonName }) => [name, jsonName]));
  return shapeOfBoth(shapeTo(programIdPath), shapeTo(userIdPath));
}

/** The ids that decide who may call, as far as JSON has them that may not be a message. */
export function idsInJson(
  { programIdPath, userIdPath }: IdPaths,
  input: JsonInput | undefined,
): AccessedIds {
  return {
    programId: programIdPath && textAt(input, programIdPath),
    userId: userIdPath && textAt(input, userIdPath),
  };
}

function textAt(input: JsonInput | undefined, path: readonly DescField[]): string | undefined {
  let value = input;
  for (const { name, jsonName } of path) {
    if (value === undefined || !isObject(value)) return undefined;
    value = value[jsonName] ?? value[name];
  }
  return typeof value === 'string' ? value : undefined;
}
