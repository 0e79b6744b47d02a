import { RE2JS } from '@bufbuild/re2';

/** Compiling this many instructions takes a millisecond or two. */
const COMPILED_SIZE_MAX = 2_000;
/** A class such as \pL becomes one instruction, but reading its hundreds of ranges takes as long as this many. */
const UNICODE_CLASS_SIZE = 20;

/**
 * How many instructions a pattern of RE2 takes; each may be looked at for each character of a text. Infinity for one
 * that is too large to be compiled just to be refused: the few bytes of [a-z]{1000} become a thousand instructions.
 * Nothing is remembered of a pattern, for it may be refused. Throws when it isn't RE2.
 */
export function patternSize(pattern: string): number {
  const classes = UNICODE_CLASS_SIZE * (pattern.match(/\\[pP]/g)?.length ?? 0);
  if (classes + patternSizeMax(pattern) > COMPILED_SIZE_MAX) return Number.POSITIVE_INFINITY;
  return classes + RE2JS.compile(pattern).re2().prog.numInst();
}

/** A quotation, a name or code of characters, an escape, a class of characters, a repetition, or any character. */
const PART =
  /\\Q.*?(?:\\E|$)|\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\{(?<least>\d+)(?:,(?<most>\d*))?\}|./gs;

/** An upper bound of a pattern's instructions: repetitions of repetitions multiply, everything else adds up. */
export function patternSizeMax(pattern: string): number {
  const outer: number[] = [];
  // Two at the ends, and one for nothing where an alternative or a group is empty.
  let size = 3;
  /** The size of what a repetition would repeat. */
  let last = 0;
  for (const { 0: part, groups = {} } of pattern.matchAll(PART)) {
    const { least, most } = groups;
    if (least !== undefined) {
      // One that may be left out takes a second instruction for each time.
      const times = most === undefined ? Number(least) : 2 * Math.max(Number(least), Number(most));
      size += last * Math.max(times, 1) - last;
      last *= Math.max(times, 1);
    } else if (part === '(') {
      outer.push(size);
      size = 0;
    } else if (part === ')') {
      last = size + 3;
      size = (outer.pop() ?? 0) + last;
    } else {
      last = part === '|' ? 2 : part.startsWith('\\Q') ? part.length : 1;
      size += last;
    }
  }
  return outer.reduce((sum, group) => sum + group, size);
}
