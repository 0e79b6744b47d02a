import {
  type DescField,
  type DescMessage,
  getOption,
  isFieldSet,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import { patch_by_key } from '@loyalty/proto/loyalty/options/v1/http_pb.ts';
import { type FieldViolation, ValidationFailed } from '../errors.ts';

export interface MaskedUpdate<Desc extends DescMessage> {
  schema: Desc;
  message: MessageShape<Desc>;
  /** The request's field that has the message, such as `program`. */
  field: string;
  mask: FieldMask | undefined;
  /** Fields that an update may change, by their proto names. */
  updatable: readonly string[];
  /** Fields that may be named and change nothing: those that only say which object and version is meant. */
  ignored: readonly string[];
}

/**
 * What an update is about: the paths in the mask; all updatable fields for `*`; and without a mask those that have a
 * value. Keys of maps that are patched by key are paths of their own, such as `attributes.tier`: a key is all that
 * follows the first dot.
 *
 * @throws {ValidationFailed} naming what can't be changed
 */
export function pathsToUpdate<Desc extends DescMessage>(
  update: MaskedUpdate<Desc>,
): ReadonlySet<string> {
  const { mask, updatable, ignored } = update;
  const named = mask === undefined || mask.paths.length === 0 ? populated(update) : mask.paths;
  const paths = named.flatMap((path) => (path === '*' ? updatable : [path]));
  const changing = paths.filter((path) => !ignored.includes(path));
  const violations = changing.flatMap((path) => violationsOf(path, update));
  if (violations.length > 0) throw new ValidationFailed(violations);
  return new Set(changing);
}

/** The keys of a map that an update's paths name one by one. */
export function keysToUpdate(paths: ReadonlySet<string>, field: string): string[] {
  const prefix = `${field}.`;
  return [...paths].flatMap((path) => (path.startsWith(prefix) ? path.slice(prefix.length) : []));
}

function populated({ schema, message }: MaskedUpdate<DescMessage>): string[] {
  return schema.fields
    .filter((field) => isFieldSet(message, field))
    .flatMap((field) =>
      getOption(field, patch_by_key)
        ? Object.keys(mapOf(field, message)).map((key) => `${field.name}.${key}`)
        : [field.name],
    );
}

function mapOf({ localName }: DescField, message: Message): object {
  return (message as unknown as Readonly<Record<string, object>>)[localName] ?? {};
}

function violationsOf(path: string, update: MaskedUpdate<DescMessage>): FieldViolation[] {
  const { schema, field, updatable } = update;
  if (updatable.includes(path)) return [];
  const byKey = schema.fields
    .filter(({ name }) => updatable.includes(name))
    .filter((candidate) => getOption(candidate, patch_by_key))
    .map(({ name }) => name);
  if (byKey.some((name) => path.startsWith(`${name}.`) && path.length > name.length + 1)) return [];
  if (schema.fields.some(({ name }) => name === path)) {
    const message = `can't be changed here; only ${updatable.join(', ')} can`;
    return [{ field: `${field}.${path}`, message, names: updatable }];
  }
  const nameable = [...updatable, ...byKey.map((name) => `${name}.KEY`)].join(', ');
  const message = `can't name ${path}; it can name ${nameable}`;
  const steps = path.split('.');
  const isField = schema.fields.some(({ name }) => name === steps[0]);
  return [{ field: 'update_mask', message, names: isField ? [...updatable, ...steps] : updatable }];
}
