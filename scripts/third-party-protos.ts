// buf needs the sources of every imported contract, and buf/validate/validate.proto is in no npm
// package. The validator carries its descriptor, so the source is printed from that: always the
// version that runs.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { file_buf_validate_validate } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { root } from './commands.ts';

/** Writes the contracts that no npm package has as source, where buf.yaml of the project's top expects them. */
export function writeThirdPartyProtos(top = root): void {
  const path = join(top, '.third-party/buf/validate/validate.proto');
  mkdirSync(dirname(path), { recursive: true });
  // Renamed into place, because another process may be reading it.
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, printFile());
  renameSync(unfinished, path);
}

function printFile(): string {
  const file = file_buf_validate_validate.proto;
  const extensions = Map.groupBy(file.extension, (extension) => extension.extendee);
  return [
    'syntax = "proto2";',
    `package ${file.package};`,
    ...file.dependency.map((dependency) => `import "${dependency}";`),
    ...[...extensions].flatMap(([extendee, fields]) => [
      `extend ${extendee} {`,
      ...fields.map(printField),
      '}',
    ]),
    ...file.enumType.flatMap(printEnum),
    ...file.messageType.flatMap(printMessage),
    '',
  ].join('\n');
}

function printMessage(message: DescriptorProto): string[] {
  const alone = message.field.filter((field) => !isInOneof(field));
  return [
    `message ${message.name} {`,
    ...message.enumType.flatMap(printEnum),
    ...message.nestedType.flatMap(printMessage),
    ...alone.map(printField),
    ...message.oneofDecl.flatMap((oneof, index) => [
      `oneof ${oneof.name} {`,
      ...message.field
        .filter((field) => isInOneof(field) && field.oneofIndex === index)
        .map((field) => printField(field)),
      '}',
    ]),
    ...message.extensionRange.map((range) => `extensions ${range.start} to ${range.end - 1};`),
    '}',
  ];
}

function printEnum(declaration: EnumDescriptorProto): string[] {
  return [
    `enum ${declaration.name} {`,
    ...declaration.value.map((value) => `${value.name} = ${value.number};`),
    '}',
  ];
}

function printField(field: FieldDescriptorProto): string {
  return `${label(field)}${typeName(field)} ${field.name} = ${field.number};`;
}

function label(field: FieldDescriptorProto): string {
  if (isInOneof(field)) return '';
  switch (field.label) {
    case Label.REPEATED:
      return 'repeated ';
    case Label.REQUIRED:
      return 'required ';
    default:
      return 'optional ';
  }
}

function typeName(field: FieldDescriptorProto): string {
  // The enum's own names are the language's keywords: INT64, STRING, …
  return field.typeName || Type[field.type].toLowerCase();
}

// A field outside every oneof has the index's default value, 0, without it being set.
function isInOneof(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, 'oneofIndex');
}
