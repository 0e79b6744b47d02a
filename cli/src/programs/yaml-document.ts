import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import { keyPath } from '@loyalty/platform/json/field-path.ts';
import {
  type JsonInput,
  type JsonInputObject,
  JsonNumber,
} from '@loyalty/platform/json/json-text.ts';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';

/** A problem of a document, at a line of its file. */
export interface YamlProblem {
  readonly line: number;
  readonly path: string;
  readonly message: string;
}

/** A document of a YAML file as the JSON that it stands for. */
export interface YamlDocument {
  /** Null if it says nothing. */
  readonly input: JsonInput;
  readonly problems: readonly YamlProblem[];
  /** The line of a path of JSON names, such as `rewards[0].fixed.points`, or of the part of it that exists. */
  lineAt(path: string): number;
  /** Whether the value at a path was written without quotes and YAML takes it for a number, true or false. */
  needsQuotes(path: string): boolean;
}

/**
 * Reads the documents of a YAML 1.2 file, without those that are empty. Numbers stay as they are written, and times, `no`
 * and `on` are texts. What another reader could understand otherwise is a problem: anchors, aliases, tags, repeated keys,
 * keys without a value.
 */
export function readYaml(text: string): YamlDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments<ParsedNode>(text, {
    version: '1.2',
    schema: 'core',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  });
  if ('empty' in documents) return [];
  return documents
    .filter((document) => document.errors.length > 0 || saysSomething(document.contents))
    .map((document) => documentOf(document, (offset) => lines.linePos(offset).line));
}

function saysSomething(node: ParsedNode | null): node is ParsedNode {
  return node !== null && !(isScalar(node) && node.source === '' && node.type === 'PLAIN');
}

function documentOf(
  document: Document.Parsed<ParsedNode>,
  lineOfOffset: (offset: number) => number,
): YamlDocument {
  const { contents, directives, errors } = document;
  // The others follow from the first.
  const problems: YamlProblem[] = errors.slice(0, 1).map(({ message, pos }) => ({
    line: lineOfOffset(pos[0]),
    path: '',
    message: `the YAML is malformed: ${message}`,
  }));
  const refuse: Refuse = (node, path, message) => {
    problems.push({ line: lineOfOffset(node.range[0]), path, message });
    return null;
  };
  if (directives.yaml.explicit === true && directives.yaml.version !== '1.2' && contents) {
    refuse(contents, '', 'must be YAML 1.2; remove the line %YAML');
  }
  const input = problems.length > 0 || contents === null ? null : inputOf(contents, '', refuse);
  return {
    input,
    problems,
    lineAt: (path) => lineOfOffset((contents && nodeAt(contents, path))?.range[0] ?? 0),
    needsQuotes(path) {
      const node = contents && valueAt(contents, path);
      return isScalar(node) && (typeof node.value === 'number' || typeof node.value === 'boolean');
    },
  };
}

type Refuse = (node: ParsedNode, path: string, message: string) => null;

const depthMax = 64;
const brokenText = 'half of a character (an unpaired surrogate); write it whole';

function inputOf(node: ParsedNode, path: string, refuse: Refuse, depth = 0): JsonInput {
  if (depth > depthMax) return refuse(node, path, `nests deeper than ${depthMax} levels`);
  if (isAlias(node)) return refuse(node, path, "can't be an alias; write the value out");
  if (node.anchor !== undefined)
    return refuse(node, path, "can't have an anchor; remove the & and its name");
  if (node.tag !== undefined)
    return refuse(node, path, "can't have a tag; remove the ! and its name");
  if (isSeq(node)) {
    return node.items.map((item, index) => inputOf(item, `${path}[${index}]`, refuse, depth + 1));
  }
  if (isMap(node)) return objectOf(node, path, refuse, depth);
  const { value, source } = node;
  if (typeof value === 'number' || typeof value === 'bigint') return new JsonNumber(source);
  if (typeof value === 'string' && !value.isWellFormed()) {
    return refuse(node, path, `has ${brokenText}`);
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  return refuse(node, path, 'has no value; give it one, or leave it out');
}

function objectOf(node: YAMLMap.Parsed, path: string, refuse: Refuse, depth: number): JsonInput {
  const object: JsonInputObject = {};
  for (const { key, value } of node.items) {
    if (!isScalar(key) || key.tag !== undefined || key.anchor !== undefined) {
      refuse(key, path, 'has a key that is no plain text; write it as a text');
      continue;
    }
    const name = nameOf(key);
    if (!name.isWellFormed()) {
      refuse(key, path, `has a key with ${brokenText}`);
      continue;
    }
    const here = memberPath(path, name);
    if (name === '<<' && key.type === 'PLAIN')
      refuse(key, path, "can't merge with <<; write the members out");
    else if (name === '__proto__') refuse(key, here, 'is not an allowed name; leave it out');
    else if (Object.hasOwn(object, name)) refuse(key, here, 'is given twice; give it once');
    else if (value === null) refuse(key, here, 'has no value; give it one, or leave it out');
    else object[name] = inputOf(value, here, refuse, depth + 1);
  }
  return object;
}

/** Keys are texts whatever YAML takes them for: `2026: x` has the key "2026". */
function nameOf({ source, value }: { source?: string | undefined; value: unknown }): string {
  return typeof value === 'string' ? value : (source ?? '');
}

function memberPath(path: string, name: string): string {
  if (!/^\w+$/.test(name)) return keyPath(path, name);
  const camelCase = protoCamelCase(name);
  return path === '' ? camelCase : `${path}.${camelCase}`;
}

/** The node at a path, or where the path stops existing: the key of a member, the item of a list. */
function nodeAt(root: ParsedNode, path: string): ParsedNode {
  let place = root;
  for (const { key, value } of walk(root, path)) place = key ?? value;
  return place;
}

/** The value at a path; undefined if the path doesn't exist. */
function valueAt(root: ParsedNode, path: string): ParsedNode | undefined {
  const steps = [...walk(root, path)];
  return steps.length === stepsOf(path).length ? steps.at(-1)?.value : undefined;
}

function* walk(root: ParsedNode, path: string): Generator<{ key?: ParsedNode; value: ParsedNode }> {
  let node: ParsedNode = root;
  for (const step of stepsOf(path)) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && isNamed(nameOf(key), step));
      if (pair === undefined) return;
      node = pair.value ?? pair.key;
      yield { key: pair.key, value: node };
    } else if (isSeq(node)) {
      const item = node.items[Number(step.slice(1, -1))];
      if (item === undefined) return;
      node = item;
      yield { value: node };
    } else {
      return;
    }
  }
}

function stepsOf(path: string): string[] {
  return path.match(/[^.[\]]+|\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]/g) ?? [];
}

function isNamed(name: string, step: string): boolean {
  return name === step || protoCamelCase(name) === step || keyPath('', name) === step;
}
