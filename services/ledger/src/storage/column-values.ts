export function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** More than any sequence or id: where a list that has the newest first begins. */
export const aboveAllIds = 2n ** 63n - 1n;
