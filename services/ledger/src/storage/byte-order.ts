const surrogate = /[\ud800-\udfff]/;

/**
 * The order of the UTF-8 of two texts, which is PostgreSQL's with COLLATE "C". It is that of their UTF-16 as well, but for
 * characters beyond the first 65,536.
 */
export function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  if (surrogate.test(left) || surrogate.test(right)) {
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  }
  return left < right ? -1 : 1;
}
