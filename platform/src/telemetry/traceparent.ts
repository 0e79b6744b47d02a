// Version 00 ends with the flags; a later one may go on. All zeros and version ff are invalid.
const traceparentPattern =
  /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})(?<traceId>[\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[!-~]{0,200})?$/;

/** The trace id in a W3C `traceparent` header; undefined if the header is absent or not to be trusted. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined
    ? undefined
    : traceparentPattern.exec(traceparent)?.groups?.['traceId'];
}
