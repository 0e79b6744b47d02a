/** Epoch milliseconds as people write times: in UTC, and with milliseconds only where there are any. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
