/**
 * Reads the conditions of an update. Each is an etag from a response, or the value of an If-Match header: quoted, weak,
 * a list, or `*`. Empty ones ask for nothing.
 *
 * @returns for each condition, the etags that it accepts
 */
export function etagConditions(...conditions: readonly string[]): string[][] {
  return conditions
    .filter((condition) => condition !== '')
    .map((condition) => condition.split(',').map(withoutDecoration));
}

function withoutDecoration(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
