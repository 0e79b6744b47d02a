/**
 * What a reader wants of a text. The rest is checked for being JSON and isn't kept: an object of a hundred thousand names
 * takes ten times as long as its text, and what refuses it longer still.
 */
export type JsonShape =
  /** A message: values by their names. Of other names, the first ones are kept without their values. */
  | { readonly kind: 'names'; readonly shapeOf: (name: string) => JsonShape | undefined }
  | ElementsShape
  /** A value without others in it; of a list or an object, only that it is one is kept. */
  | { readonly kind: 'scalar' }
  /** All that there is. */
  | { readonly kind: 'any' };

/** A list or a map; of a longer one than `elementsMax` nothing can be used. */
export interface ElementsShape {
  readonly kind: 'list' | 'map';
  readonly elementsMax: number;
  readonly tooMany: string;
  readonly element: JsonShape;
}

export const scalarShape: JsonShape = { kind: 'scalar' };

/** The shape for reading a single value of a text, given the names that each step to it may have. */
export function shapeOfPath(steps: readonly (readonly string[])[]): JsonShape {
  const [names, ...rest] = steps;
  if (names === undefined) return scalarShape;
  const inner = shapeOfPath(rest);
  return { kind: 'names', shapeOf: (name) => (names.includes(name) ? inner : undefined) };
}

/** The shape for reading the values of two shapes in one text. */
export function shapeOfBoth(one: JsonShape, other: JsonShape): JsonShape {
  if (one.kind !== 'names') return other;
  if (other.kind !== 'names') return one;
  return {
    kind: 'names',
    shapeOf(name) {
      const [inOne, inOther] = [one.shapeOf(name), other.shapeOf(name)];
      if (inOne === undefined || inOther === undefined) return inOne ?? inOther;
      return shapeOfBoth(inOne, inOther);
    },
  };
}
