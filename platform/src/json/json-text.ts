import { elementsInAllMax, tooManyInAll } from '../elements-max.ts';
import { type ElementsShape, type JsonShape, scalarShape } from './json-shape.ts';

/** A number as it was written, so that neither its size nor its form is lost. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A parsed JSON text that has lost nothing. */
export type JsonInput = null | boolean | string | JsonNumber | JsonInput[] | JsonInputObject;

export interface JsonInputObject {
  [name: string]: JsonInput;
}

/** How to get to a value: the names and indexes to follow. */
export type JsonPath = readonly (string | number)[];

/** Thrown when a text isn't JSON, or is JSON that two readers could understand in different ways. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
  /** Where in the document; empty where it is the text as a whole. */
  readonly path: JsonPath;

  constructor(message: string, path: JsonPath = []) {
    super(message);
    this.path = path;
  }
}

export const nestingDepthMax = 64;

/** As many names that a message doesn't have are kept of a text; an error names no more. */
export const unknownNamesMax = 20;

/**
 * Parses a JSON text in one pass, in time linear in its length. It refuses what JSON.parse accepts and reads in its own
 * way: invalid UTF-8, a name given twice, `__proto__` as a name, unpaired surrogates, and nesting deeper than 64 levels.
 * A byte order mark is skipped.
 *
 * Of a text with a shape, what no message can use isn't kept, and names given twice aren't found there.
 *
 * JSON.parse with a reviver was tried before: it reads the text of numbers, but repeated names need a scan of their own,
 * and neither can say where in the document something is.
 *
 * @throws {JsonTextError}
 */
export function parseJsonText(bytes: Uint8Array, shape: JsonShape = { kind: 'any' }): JsonInput {
  return new TextReader(decode(bytes)).read(shape);
}

/** What a text says, or undefined if it isn't JSON. */
export function jsonIn(bytes: Uint8Array, shape: JsonShape): JsonInput | undefined {
  try {
    return parseJsonText(bytes, shape);
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new JsonTextError('the JSON must be encoded in UTF-8');
  }
}

const numberForm = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What can follow a backslash. */
const escapeForm = /["\\/bfnrt]|u[\dA-Fa-f]{4}/y;
const firstPrintable = 0x20;
const quote = 0x22;
const backslash = 0x5c;

/** Reads one text from its start to its end; no character is read more than a few times. */
class TextReader {
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #unknownNames = 0;
  #elements = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(shape: JsonShape): JsonInput {
    const value = this.#value(shape);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#malformed('the end');
    return value;
  }

  #value(shape: JsonShape): JsonInput {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(shape);
      case '[':
        return this.#list(shape);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #object(shape: JsonShape): JsonInputObject {
    this.#enter();
    const object: JsonInputObject = {};
    if (this.#ends('}')) return object;
    let names = 0;
    do {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#malformed('a name in double quotes');
      if (shape.kind === 'map') this.#countElement(shape, names);
      const name = this.#string();
      names += 1;
      this.#path.push(name);
      if (name === '__proto__') throw this.#refused('is not an allowed name; leave it out');
      const inner = this.#shapeOf(name, shape);
      const isKept = inner !== undefined;
      if (isKept && Object.hasOwn(object, name)) {
        throw this.#refused('is given twice; give it once');
      }
      this.#skipSpace();
      if (this.#text[this.#at] !== ':') throw this.#malformed('a colon');
      this.#at += 1;
      const value = this.#value(inner ?? scalarShape);
      if (isKept) object[name] = value;
      this.#path.pop();
    } while (this.#goesOn('}'));
    return object;
  }

  /** The shape of an object's value with this name; undefined if it isn't kept. */
  #shapeOf(name: string, shape: JsonShape): JsonShape | undefined {
    switch (shape.kind) {
      case 'any':
        return shape;
      case 'map':
        return shape.element;
      case 'names': {
        const known = shape.shapeOf(name);
        if (known !== undefined || this.#unknownNames >= unknownNamesMax) return known;
        this.#unknownNames += 1;
        return scalarShape;
      }
      default:
        return undefined;
    }
  }

  #list(shape: JsonShape): JsonInput[] {
    this.#enter();
    const list: JsonInput[] = [];
    if (this.#ends(']')) return list;
    const isKept = shape.kind === 'list' || shape.kind === 'any';
    const inner = shape.kind === 'list' ? shape.element : isKept ? shape : scalarShape;
    let index = 0;
    do {
      if (shape.kind === 'list') this.#countElement(shape, index);
      this.#path.push(index);
      const value = this.#value(inner);
      if (isKept) list.push(value);
      this.#path.pop();
      index += 1;
    } while (this.#goesOn(']'));
    return list;
  }

  /** Counts another element of a list or map that has `count` already; throws beyond a maximum. */
  #countElement({ elementsMax, tooMany }: ElementsShape, count: number): void {
    if (count >= elementsMax) throw this.#refused(tooMany);
    this.#elements += 1;
    if (this.#elements > elementsInAllMax) throw new JsonTextError(tooManyInAll);
  }

  #enter(): void {
    if (this.#path.length >= nestingDepthMax) {
      // Where it begins is easier to find than where it goes too far.
      const start = this.#path.slice(0, 8);
      throw new JsonTextError(`nests deeper than ${nestingDepthMax} levels`, start);
    }
    this.#at += 1;
  }

  /** Whether nothing is in a list or object; then it is left behind. */
  #ends(bracket: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== bracket) return false;
    this.#at += 1;
    return true;
  }

  /** Whether a comma follows, and not the end of the list or object; either is left behind. */
  #goesOn(bracket: string): boolean {
    this.#skipSpace();
    const found = this.#text[this.#at];
    if (found !== ',' && found !== bracket) throw this.#malformed(`a comma or ${bracket}`);
    this.#at += 1;
    return found === ',';
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at;
    let hasEscapes = false;
    this.#at += 1;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === quote) break;
      if (code === backslash) {
        this.#skipEscape();
        hasEscapes = true;
      } else if (code >= firstPrintable) {
        this.#at += 1;
      } else {
        throw this.#malformed('a closing quote');
      }
    }
    this.#at += 1;
    if (!hasEscapes) return text.slice(start + 1, this.#at - 1);
    const unescaped = JSON.parse(text.slice(start, this.#at)) as string;
    // Only escapes can make half a character: the text itself was UTF-8.
    if (!unescaped.isWellFormed()) {
      throw this.#refused('has an unpaired surrogate, which is half a character');
    }
    return unescaped;
  }

  #skipEscape(): void {
    this.#at += 1;
    escapeForm.lastIndex = this.#at;
    if (!escapeForm.test(this.#text)) {
      throw this.#malformed('an escape that JSON has, such as \\n');
    }
    this.#at = escapeForm.lastIndex;
  }

  #literal<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#malformed('a value');
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    const start = this.#at;
    numberForm.lastIndex = start;
    if (!numberForm.test(this.#text)) throw this.#malformed('a value');
    this.#at = numberForm.lastIndex;
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #refused(message: string): JsonTextError {
    return new JsonTextError(message, [...this.#path]);
  }

  #malformed(expected: string): JsonTextError {
    let [line, start] = [1, 0];
    for (;;) {
      const end = this.#text.indexOf('\n', start);
      if (end < 0 || end >= this.#at) break;
      line += 1;
      start = end + 1;
    }
    const place = `line ${line}, column ${this.#at - start + 1}`;
    const found = this.#text.codePointAt(this.#at);
    const instead =
      found === undefined ? 'the text ends' : `there is ${quoted(String.fromCodePoint(found))}`;
    return new JsonTextError(`malformed JSON: at ${place} should be ${expected}, but ${instead}`);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** A name from the request within a message: shortened, and well-formed. */
export function quoted(name: string): string {
  const shown = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return JSON.stringify(shown.toWellFormed());
}
