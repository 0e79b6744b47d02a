const plain = /^[\x21\x23\x24\x26-\x7e]*$/;
const special = /[^\x21-\x7e]|["%]/gu;

/** Any text as the value of a header: printable ASCII, the rest percent-encoded as CloudEvents wants it. */
export function headerText(text: string): string {
  return plain.test(text) ? text : text.toWellFormed().replaceAll(special, encodeURIComponent);
}

/** The text that {@link headerText} was given; undefined for what it can't have made. */
export function textOfHeader(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
