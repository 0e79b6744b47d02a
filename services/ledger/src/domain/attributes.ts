import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';

/** What conditions may ask about a member, by name. */
export type Attributes = Readonly<Record<string, string>>;

/** All of a member's attributes on both sides of a change. */
export interface AttributesChange {
  readonly before: Attributes;
  readonly after: Attributes;
}

const attributesMax = 50;

/** What an update does to attributes. */
export type AttributesUpdate =
  | { readonly kind: 'MERGE'; readonly set: Attributes; readonly removed: readonly string[] }
  | { readonly kind: 'REPLACE'; readonly attributes: Attributes };

/** The attributes after an update; the same object where it changes nothing. */
export function updatedAttributes(present: Attributes, update: AttributesUpdate): Attributes {
  const after = update.kind === 'REPLACE' ? update.attributes : merged(present, update);
  return sameAttributes(present, after) ? present : after;
}

/**
 * Refuses more attributes than a member can have: several requests together can bring more than one of them may.
 *
 * @param field names them in errors
 * @throws {ValidationFailed}
 */
export function requireFewEnough(attributes: Attributes, field: string): void {
  const count = Object.keys(attributes).length;
  if (count <= attributesMax) return;
  const message = `a member can have ${attributesMax} attributes, and this would make ${count}; remove some first`;
  throw new ValidationFailed([{ field, message }]);
}

function merged(
  present: Attributes,
  { set, removed }: { set: Attributes; removed: readonly string[] },
): Attributes {
  const kept = Object.entries(present).filter(([key]) => !removed.includes(key));
  return Object.fromEntries([...kept, ...Object.entries(set)]);
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  return Object.keys(a).length === Object.keys(b).length && changedKeys(a, b).length === 0;
}

/** The keys that merging `set` into the attributes would change. */
export function changedKeys(present: Attributes, set: Attributes): string[] {
  const isPresent = ([key, value]: [string, string]) =>
    Object.hasOwn(present, key) && present[key] === value;
  return Object.entries(set).flatMap((entry) => (isPresent(entry) ? [] : [entry[0]]));
}
