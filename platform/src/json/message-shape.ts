import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { elementsMaxOf } from '../elements-max.ts';
import { fieldByName } from './field-path.ts';
import { type JsonShape, scalarShape } from './json-shape.ts';

const shapes = new WeakMap<DescMessage, JsonShape>();

/** The shape of the JSON of a message. */
export function shapeOfMessage(desc: DescMessage): JsonShape {
  const known = shapes.get(desc);
  if (known !== undefined) return known;
  const shape = desc.typeName.startsWith('google.protobuf.') ? scalarShape : namesOf(desc);
  shapes.set(desc, shape);
  return shape;
}

/** Made when they are asked for, because a message may contain its own kind. */
function namesOf(desc: DescMessage): JsonShape {
  const ofFields = new Map<DescField, JsonShape>();
  return {
    kind: 'names',
    shapeOf(name) {
      const field = fieldByName(desc, name);
      if (field === undefined) return undefined;
      let shape = ofFields.get(field);
      if (shape === undefined) {
        shape = shapeOfField(field);
        ofFields.set(field, shape);
      }
      return shape;
    },
  };
}

function shapeOfField(field: DescField): JsonShape {
  const element = field.message === undefined ? scalarShape : shapeOfMessage(field.message);
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') return element;
  const { count, words } = elementsMaxOf(field);
  return {
    kind: field.fieldKind,
    // A PATCH may remove as many keys as it sets; how many it sets is counted without those.
    elementsMax: field.fieldKind === 'map' ? 2 * count : count,
    tooMany: words,
    element,
  };
}
