import { type DescMessage, isFieldSet, type MessageShape } from '@bufbuild/protobuf';
import type { FieldMask } from '@bufbuild/protobuf/wkt';
import { ValidationFailed } from '../domain/errors.ts';

export interface MaskedUpdate<Desc extends DescMessage> {
  schema: Desc;
  message: MessageShape<Desc>;
  mask: FieldMask | undefined;
  /** Fields that an update may change, by their proto names. */
  updatable: readonly string[];
  /** Fields that the server sets: a mask may name them, so that what was read can be sent back whole. */
  ignored: readonly string[];
}

/**
 * The fields that an update is about: those in the mask; all updatable ones for `*`; and without a mask those
 * that have a value.
 *
 * @throws {ValidationFailed} for a path that names nothing updatable
 */
export function fieldsToUpdate<Desc extends DescMessage>(
  update: MaskedUpdate<Desc>,
): ReadonlySet<string> {
  const { schema, message, mask, updatable, ignored } = update;
  if (mask === undefined || mask.paths.length === 0) {
    const populated = schema.fields.filter((field) => isFieldSet(message, field));
    return new Set(populated.map(({ name }) => name).filter((name) => updatable.includes(name)));
  }
  if (mask.paths.includes('*')) return new Set(updatable);
  const wrong = mask.paths.filter((path) => !updatable.includes(path) && !ignored.includes(path));
  if (wrong.length > 0) {
    throw new ValidationFailed([
      {
        field: 'update_mask',
        message: `can't name ${wrong.join(', ')}; it can name ${updatable.join(', ')}`,
      },
    ]);
  }
  return new Set(mask.paths.filter((path) => updatable.includes(path)));
}
