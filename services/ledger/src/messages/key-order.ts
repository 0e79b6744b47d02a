/** The map with its keys in order: the database returns them in another one than they were written in. */
export function inKeyOrder(map: Readonly<Record<string, string>>): Record<string, string> {
  const keys = Object.keys(map);
  return keys.length < 2
    ? { ...map }
    : Object.fromEntries(keys.toSorted().map((key) => [key, map[key] as string]));
}
