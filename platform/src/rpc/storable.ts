import type { DescField, DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { type FieldViolation, ValidationFailed } from '../errors.ts';
import { instantHint, isInstant } from './timestamps.ts';

/**
 * Checks what protobuf's types let through but no database or JSON can hold: NUL characters and impossible instants.
 *
 * @param path names the message in errors; empty for a request itself
 * @throws {ValidationFailed}
 */
export function requireStorable<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  path = '',
): void {
  const violations: FieldViolation[] = [];
  visit(reflect(schema, message), path, violations);
  if (violations.length > 0) throw new ValidationFailed(violations);
}

function visit(message: ReflectMessage, path: string, violations: FieldViolation[]): void {
  if (message.desc.typeName === TimestampSchema.typeName) {
    if (!isInstant(message.message as Timestamp)) {
      violations.push({ field: path, message: instantHint });
    }
    return;
  }
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    visitField(message, field, {
      path: path === '' ? field.name : `${path}.${field.name}`,
      violations,
    });
  }
}

interface Found {
  path: string;
  violations: FieldViolation[];
}

function visitField(message: ReflectMessage, field: DescField, { path, violations }: Found): void {
  switch (field.fieldKind) {
    case 'message':
      visit(message.get(field), path, violations);
      break;
    case 'list': {
      let index = 0;
      for (const item of message.get(field)) {
        const itemPath = `${path}[${index++}]`;
        if (field.listKind === 'message') visit(item as ReflectMessage, itemPath, violations);
        else visitText(item, { path: itemPath, violations });
      }
      break;
    }
    case 'map':
      for (const [key, value] of message.get(field)) {
        visitText(key, { path, violations });
        const valuePath = `${path}[${JSON.stringify(key)}]`;
        if (field.mapKind === 'scalar') visitText(value, { path: valuePath, violations });
      }
      break;
    case 'scalar':
      visitText(message.get(field), { path, violations });
      break;
    case 'enum':
      break;
  }
}

function visitText(value: unknown, { path, violations }: Found): void {
  if (typeof value !== 'string' || (!value.includes('\0') && value.isWellFormed())) return;
  violations.push({ field: path, message: 'must be text without NUL characters' });
}
