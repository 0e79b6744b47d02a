import type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** A value that two definitions have otherwise. */
export interface Difference {
  /** Such as `limits.earnsPerMinute`; of a rule `earnRules[base].rate.points`. `earnRules` is the order of the rules. */
  readonly path: string;
  /** Undefined if there is none. */
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/**
 * What two definitions have otherwise, in the order of the fields. What only one of them has is one difference; lists
 * are compared as a whole, but for the earn rules, which are known by their ids.
 */
export function differencesOf(before: JsonObject, after: JsonObject, path = ''): Difference[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name) => {
    const here = memberPath(path, name);
    const [old, now] = [before[name], after[name]];
    if (name === 'earnRules' && path === '') return ruleDifferences(rulesIn(old), rulesIn(now));
    if (isObject(old) && isObject(now)) return differencesOf(old, now, here);
    return isEqual(old, now) ? [] : [{ path: here, before: old, after: now }];
  });
}

/** Values within metadata and so on can have any key. */
function memberPath(path: string, name: string): string {
  if (!/^\w+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

function ruleDifferences(
  before: ReadonlyMap<string, JsonObject>,
  after: ReadonlyMap<string, JsonObject>,
): Difference[] {
  const rules = [...new Set([...after.keys(), ...before.keys()])].flatMap((ruleId) => {
    const path = `earnRules[${ruleId}]`;
    const [old, now] = [before.get(ruleId), after.get(ruleId)];
    if (old !== undefined && now !== undefined) return differencesOf(old, now, path);
    return [{ path, before: old, after: now }];
  });
  const kept = (ids: Iterable<string>, others: ReadonlyMap<string, unknown>) =>
    [...ids].filter((ruleId) => others.has(ruleId));
  const order = { before: kept(before.keys(), after), after: kept(after.keys(), before) };
  return isEqual(order.before, order.after) ? rules : [...rules, { path: 'earnRules', ...order }];
}

function rulesIn(value: JsonValue | undefined): Map<string, JsonObject> {
  const rules = Array.isArray(value) ? value.filter(isObject) : [];
  return new Map(rules.map((rule) => [rule['ruleId'] as string, rule]));
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEqual(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
