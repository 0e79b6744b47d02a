import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { fieldByName } from './field-path.ts';

/** The field with the mask of an update; it is at the top of a request, beside its resource (https://aip.dev/134). */
export function maskFieldOf(request: DescMessage): DescField | undefined {
  return request.fields.find(
    ({ message, fieldKind }) =>
      fieldKind === 'message' && message?.typeName === FieldMaskSchema.typeName,
  );
}

/** Whether a text is one of names, separated by commas; an empty one names nothing. */
export function isMaskText(text: string): boolean {
  return text === '' || text.split(',').every((path) => path !== '');
}

/**
 * The paths of a mask in JSON, as the protos name them: `displayName,attributes.homeShop` is `display_name` and
 * `attributes.homeShop`. What follows a map is a key and stays as it is, which the conversion of protobuf's own JSON
 * doesn't know. So does what isn't the name of a field, so that it can be refused as it was written.
 */
export function maskPathsOf(request: DescMessage, text: string): string[] {
  const resource = request.fields.find(
    ({ message, fieldKind }) =>
      fieldKind === 'message' && message?.typeName.startsWith('google.') === false,
  )?.message;
  return text === '' ? [] : text.split(',').map((path) => protoPathOf(resource, path));
}

function protoPathOf(resource: DescMessage | undefined, path: string): string {
  const [name = '', ...rest] = path.split('.');
  const field = resource && fieldByName(resource, name);
  if (field === undefined) return path;
  if (rest.length === 0) return field.name;
  const tail = rest.join('.');
  return `${field.name}.${field.fieldKind === 'message' ? protoPathOf(field.message, tail) : tail}`;
}
