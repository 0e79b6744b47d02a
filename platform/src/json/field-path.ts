import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { type JsonPath, quoted } from './json-text.ts';

const fieldsOfMessages = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field with a JSON name or, as in all protobuf JSON, with the name that the proto has. */
export function fieldByName(desc: DescMessage, name: string): DescField | undefined {
  let fields = fieldsOfMessages.get(desc);
  if (fields === undefined) {
    fields = new Map(
      desc.fields.flatMap((field) => [
        [field.name, field],
        [field.jsonName, field],
      ]),
    );
    fieldsOfMessages.set(desc, fields);
  }
  return fields.get(name);
}

/** The path of a member of what is at `path`, such as `transaction.amount`. */
export function memberPath(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** The path of an item of a list, such as `items[2]`. */
export function itemPath(path: string, index: number): string {
  return `${path}[${index}]`;
}

/** The path of what a map has under a key, such as `attributes["store"]`. */
export function keyPath(path: string, key: string): string {
  return `${path}[${quoted(key)}]`;
}

/** A name that isn't one of a field, as part of a path. */
export function strangeName(name: string): string {
  return /^\w{1,64}$/.test(name) ? name : quoted(name);
}

const stepPattern = /[^.[\]]+|\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]/g;

/**
 * The path of a field of a message with JSON names, given one with proto names or JSON names:
 * `transaction.amount.minor_units` is `transaction.amount.minorUnits`. What isn't a field stays as it is.
 */
export function jsonFieldPath(desc: DescMessage, path: string): string {
  let message: DescMessage | undefined = desc;
  let output = '';
  for (const step of path.match(stepPattern) ?? []) {
    if (step.startsWith('[')) {
      output += step;
      continue;
    }
    const field: DescField | undefined = message && fieldByName(message, step);
    output = memberPath(output, field?.jsonName ?? step);
    message = field?.message;
  }
  return output;
}

/** The path of what is in the JSON of a message, given how to get there; `start` is the path of the message itself. */
export function fieldPathOf(desc: DescMessage, path: JsonPath, start = ''): string {
  let message: DescMessage | undefined = desc;
  let inMap = false;
  let output = start;
  for (const step of path) {
    if (typeof step === 'number') {
      output = itemPath(output, step);
    } else if (inMap) {
      output = keyPath(output, step);
      inMap = false;
    } else {
      const field: DescField | undefined = message && fieldByName(message, step);
      output = memberPath(output, field?.jsonName ?? strangeName(step));
      message = field?.message;
      inMap = field?.fieldKind === 'map';
    }
  }
  return output;
}
