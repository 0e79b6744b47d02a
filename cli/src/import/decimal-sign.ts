import { FileRefused } from '../csv/file-refused.ts';
import { quoted } from '../printable.ts';

export type DecimalSign = '.' | ',';

/** What a person may write between groups of digits besides the other sign. */
export const groupingSpaces = [' ', "'", '’', '\u{A0}', '\u{202F}'];

const amountLike = new RegExp(
  String.raw`^[+\-−(]?\d[\d.,${groupingSpaces.join('')}]*\d\)?-?$`,
  'u',
);
const grouping = new RegExp(`[${groupingSpaces.join('')}]`, 'u');

/**
 * Decides once for a file which sign begins the decimals: by an amount with both signs, or by one whose sign isn't followed
 * by exactly three digits. `1.234` alone may be either.
 */
export class DecimalSigns {
  readonly #decidedBy = new Map<DecimalSign, { line: number; text: string }>();
  #undecided: { line: number; text: string } | undefined;

  /** Looks at the amount of one line; what isn't an amount says nothing. */
  see(text: string, line: number): void {
    // Most amounts look like those before.
    const evidence = evidenceOf(text);
    if (evidence === undefined) return;
    if (evidence === 'undecided') this.#undecided ??= { line, text };
    else if (!this.#decidedBy.has(evidence)) this.#decidedBy.set(evidence, { line, text });
  }

  /**
   * The sign; undefined where no amount has one.
   *
   * @throws {FileRefused} when the amounts don't say, or contradict each other
   */
  decide(): DecimalSign | undefined {
    const [first, second] = [...this.#decidedBy];
    if (first !== undefined && second === undefined) return first[0];
    if (first !== undefined && second !== undefined) {
      const [{ line, text }, other] = [first[1], second[1]];
      throw new FileRefused(
        `${quoted(text)} in line ${line} and ${quoted(other.text)} in line ${other.line} have different decimal signs: say which one is right with --decimal`,
      );
    }
    if (this.#undecided === undefined) return undefined;
    const { line, text } = this.#undecided;
    throw new FileRefused(
      `${quoted(text)} in line ${line} may have decimals or thousands, and no other amount shows which: say which with --decimal point or --decimal comma`,
    );
  }
}

function evidenceOf(text: string): DecimalSign | 'undecided' | undefined {
  const points = count(text, '.');
  const commas = count(text, ',');
  if (points + commas === 0 || !amountLike.test(text)) return undefined;
  const last: DecimalSign = text.lastIndexOf('.') > text.lastIndexOf(',') ? '.' : ',';
  if ((last === '.' ? points : commas) > 1) return 'undecided';
  const hasOther = (last === '.' ? commas : points) > 0 || grouping.test(text);
  const decimals = /^\d*/.exec(text.slice(text.lastIndexOf(last) + 1))?.[0].length;
  return hasOther || decimals !== 3 ? last : 'undecided';
}

function count(text: string, sign: string): number {
  let found = 0;
  for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1)) found += 1;
  return found;
}
