import type { DescEnum, FileRegistry } from '@bufbuild/protobuf';
import { componentName, createNameRegister } from './component-names.ts';
import type { Schema } from './schema.ts';
import { type CommentReader, createCommentReader } from './texts.ts';
import { enumRef, enumSchema } from './value-schemas.ts';

/** The schemas that others refer to. */
export interface Components {
  readonly comment: CommentReader;
  /** Adds a schema unless it is there; `owner` is what it is the schema of. */
  add(name: string, schema: { owner: string; make: () => Schema }): void;
  /** Adds the enum, and refers to it. */
  enumRef(desc: DescEnum): Schema;
  /** By name. */
  schemas(): Schema;
}

export function createComponents(registry: FileRegistry): Components {
  const comment = createCommentReader(registry);
  const schemas = new Map<string, Schema>();
  const claim = createNameRegister();
  const components: Components = {
    comment,
    add(name, { owner, make }) {
      claim(name, owner);
      if (schemas.has(name)) return;
      // Its place is taken before it is made, because a message may contain its own kind.
      schemas.set(name, {});
      schemas.set(name, make());
    },
    enumRef(desc) {
      components.add(componentName(desc), {
        owner: desc.typeName,
        make: () => enumSchema(desc, comment),
      });
      return enumRef(desc);
    },
    schemas: () =>
      Object.fromEntries([...schemas].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
  return components;
}
