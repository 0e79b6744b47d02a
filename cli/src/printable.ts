/** Control and format characters, which could move the cursor, recolor the terminal or turn text around. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text of a file for a person's terminal: what can't be seen is written as `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

const quotedCharactersMax = 60;

/** A text of a file in quotes, within a message; a long one is cut. */
export function quoted(text: string): string {
  const cut = text.length > quotedCharactersMax ? `${text.slice(0, quotedCharactersMax)}…` : text;
  return `"${printable(cut.toWellFormed())}"`;
}
