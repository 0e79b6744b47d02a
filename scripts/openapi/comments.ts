// The comments of the contracts; protobuf's descriptors have them apart from what they are about.
import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from '@bufbuild/protobuf';

export type Commented =
  | DescMessage
  | DescField
  | DescEnum
  | DescEnumValue
  | DescService
  | DescMethod;

/** The numbers of fields in google/protobuf/descriptor.proto, which lead from a file to what a comment is about. */
const steps = {
  file: { message: 4, enum: 5, service: 6 },
  message: { field: 2, message: 3, enum: 4 },
  enumValue: 2,
  method: 2,
} as const;

/** The comment before each element, as it is written. */
export function leadingComments(files: Iterable<DescFile>): Map<Commented, string> {
  const comments = new Map<Commented, string>();
  for (const file of files) {
    const byPath = new Map(
      (file.proto.sourceCodeInfo?.location ?? []).map(({ path, leadingComments }) => [
        path.join(),
        leadingComments,
      ]),
    );
    const add = (desc: Commented, path: readonly number[]) => {
      const comment = byPath.get(path.join());
      if (comment !== undefined && comment !== '') comments.set(desc, comment);
    };
    const addEnum = (desc: DescEnum, path: readonly number[]) => {
      add(desc, path);
      for (const [at, value] of desc.values.entries()) add(value, [...path, steps.enumValue, at]);
    };
    const addMessage = (desc: DescMessage, path: readonly number[]) => {
      const { field, message, enum: nested } = steps.message;
      add(desc, path);
      for (const [at, member] of desc.fields.entries()) add(member, [...path, field, at]);
      for (const [at, inner] of desc.nestedEnums.entries()) addEnum(inner, [...path, nested, at]);
      // The messages that stand for the entries of maps are in the file, but not among the descriptors.
      for (const inner of desc.nestedMessages) {
        addMessage(inner, [...path, message, desc.proto.nestedType.indexOf(inner.proto)]);
      }
    };
    const { message, enum: outer, service } = steps.file;
    for (const [at, desc] of file.messages.entries()) addMessage(desc, [message, at]);
    for (const [at, desc] of file.enums.entries()) addEnum(desc, [outer, at]);
    for (const [at, desc] of file.services.entries()) {
      add(desc, [service, at]);
      for (const [place, method] of desc.methods.entries()) {
        add(method, [service, at, steps.method, place]);
      }
    }
  }
  return comments;
}
