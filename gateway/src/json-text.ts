/**
 * A parsed JSON text that has lost nothing: whole numbers are bigints, so that neither their size nor the way in
 * which they were written is forgotten; a number is one that was written with a fraction or an exponent.
 */
export type JsonInput = null | boolean | string | bigint | number | JsonInput[] | JsonInputObject;

export interface JsonInputObject {
  [key: string]: JsonInput;
}

/** Thrown when a text isn't JSON, or is JSON of which two readers could make different things. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
}

export const nestingDepthMax = 64;

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;
const wholeNumber = /^-?\d+$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** JSON.parse, which tells the text of each literal, as its type doesn't know yet. */
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: unknown, context: { source: string }) => unknown,
) => unknown;

/**
 * Parses a JSON text, and refuses what JSON.parse lets pass: invalid UTF-8, an object with the same key twice,
 * unpaired surrogates, and nesting deeper than 64.
 *
 * @throws {JsonTextError}
 */
export function parseJsonText(bytes: Uint8Array): JsonInput {
  const text = decode(bytes);
  refuseDuplicatesAndDepth(text);
  try {
    return parseWithSource(text, (key, value, context) => {
      refuseUnpairedSurrogates(key);
      if (typeof value === 'string') refuseUnpairedSurrogates(value);
      if (typeof value !== 'number') return value;
      return wholeNumber.test(context.source) ? BigInt(context.source) : value;
    }) as JsonInput;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new JsonTextError('the body is not JSON', { cause: error });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new JsonTextError('the body is not UTF-8', { cause: error });
  }
}

/** Looks at tokens only, so that it is safe before the text is known to be JSON, however deep it nests. */
function refuseDuplicatesAndDepth(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') {
      open.push(token === '{' ? new Set() : undefined);
      if (open.length > nestingDepthMax) {
        throw new JsonTextError(`the body nests deeper than ${nestingDepthMax}`);
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':' && previous.startsWith('"')) {
      const key = unescaped(previous);
      const keys = open.at(-1);
      if (keys?.has(key)) throw new JsonTextError(`the body has the key ${quoted(key)} twice`);
      keys?.add(key);
    }
    previous = token;
  }
}

/** The same key can be written in many ways: "a" is "\u0061". */
function unescaped(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token; // not JSON, as the parser is about to find
  }
}

function refuseUnpairedSurrogates(text: string): void {
  if (!text.isWellFormed()) throw new JsonTextError('the body has an unpaired surrogate');
}

/** A name from the request within a message: shortened, and well-formed. */
export function quoted(name: string): string {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return JSON.stringify(shown.toWellFormed());
}
