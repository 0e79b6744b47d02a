// What a client of an earlier document would notice. There is no maintained npm package that compares documents of OpenAPI 3.1:
// openapi-diff knows 2 and 3.0 only, and oasdiff and openapi-changes are programs written in Go.
import type { Schema } from './schema.ts';

/** Requests break when less is accepted, responses when less is promised. */
type Direction = 'request' | 'response';

/** One line for each change of the document that breaks clients, none if there is none. */
export function breakingChanges(before: Schema, after: Schema): string[] {
  const comparison: Comparison = { before, after, changes: new Set(), compared: new Set() };
  for (const [path, item] of Object.entries(objectAt(before, 'paths'))) {
    for (const [method, operation] of Object.entries(item as Record<string, Schema>)) {
      const place = `${method.toUpperCase()} ${path}`;
      const now = objectAt(objectAt(after, 'paths'), path)[method] as Schema | undefined;
      if (now === undefined) comparison.changes.add(`${place}: was removed`);
      else compareOperations(operation, now, { place, comparison });
    }
  }
  return [...comparison.changes];
}

interface Comparison {
  readonly before: Schema;
  readonly after: Schema;
  readonly changes: Set<string>;
  /** The components that were compared, by direction. */
  readonly compared: Set<string>;
}

interface Here {
  readonly place: string;
  readonly comparison: Comparison;
}

function compareOperations(before: Schema, after: Schema, { place, comparison }: Here): void {
  const report = (change: string) => comparison.changes.add(`${place}: ${change}`);
  if (before['operationId'] !== after['operationId']) {
    report(
      `the operationId ${String(before['operationId'])} became ${String(after['operationId'])}`,
    );
  }
  for (const role of missing(listAt(before, 'x-roles'), listAt(after, 'x-roles'))) {
    report(`the role ${role} may no longer call`);
  }
  compareParameters(before, after, { place, comparison });
  compareBodies(before, after, { place, comparison });
  compareResponses(before, after, { place, comparison });
}

function compareParameters(before: Schema, after: Schema, { place, comparison }: Here): void {
  const report = (change: string) => comparison.changes.add(`${place}: ${change}`);
  const [old, now] = [parameters(before, comparison.before), parameters(after, comparison.after)];
  for (const [name, parameter] of old) {
    const same = now.get(name);
    if (same === undefined) {
      report(`the parameter ${name} was removed`);
      continue;
    }
    if (parameter['required'] !== true && same['required'] === true) {
      report(`the parameter ${name} became required`);
    }
    compareSchemas(objectAt(parameter, 'schema'), objectAt(same, 'schema'), 'request', {
      place: `${place}: the parameter ${name}`,
      comparison,
    });
  }
  for (const [name, parameter] of now) {
    if (!old.has(name) && parameter['required'] === true)
      report(`${name} is a new required parameter`);
  }
}

function parameters(operation: Schema, document: Schema): Map<string, Schema> {
  const list = (operation['parameters'] ?? []) as Schema[];
  return new Map(
    list
      .map((parameter) => resolved(parameter, document))
      .map((parameter) => [`${String(parameter['name'])} (${String(parameter['in'])})`, parameter]),
  );
}

function compareBodies(before: Schema, after: Schema, { place, comparison }: Here): void {
  const [old, now] = [objectAt(before, 'requestBody'), objectAt(after, 'requestBody')];
  if (old['required'] !== true && now['required'] === true) {
    comparison.changes.add(`${place}: the body became required`);
  }
  compareContents(old, now, 'request', { place: `${place}: the body`, comparison });
}

function compareResponses(before: Schema, after: Schema, { place, comparison }: Here): void {
  const now = objectAt(after, 'responses');
  for (const [status, reference] of Object.entries(objectAt(before, 'responses'))) {
    // Any error may go away, and clients have to live with new ones.
    if (!/^[23]/.test(status)) continue;
    const here = { place: `${place}: the response ${status}`, comparison };
    const same = now[status] as Schema | undefined;
    if (same === undefined) {
      comparison.changes.add(`${here.place} was removed`);
      continue;
    }
    const old = resolved(reference as Schema, comparison.before);
    const response = resolved(same, comparison.after);
    const [headers, left] = [objectAt(old, 'headers'), objectAt(response, 'headers')];
    for (const name of missing(Object.keys(headers), Object.keys(left))) {
      comparison.changes.add(`${here.place} lost the header ${name}`);
    }
    compareContents(old, response, 'response', here);
  }
}

function compareContents(before: Schema, after: Schema, direction: Direction, here: Here): void {
  const [old, now] = [objectAt(before, 'content'), objectAt(after, 'content')];
  for (const [mediaType, content] of Object.entries(old)) {
    const same = now[mediaType] as Schema | undefined;
    if (same === undefined) here.comparison.changes.add(`${here.place} lost the type ${mediaType}`);
    else {
      compareSchemas(
        objectAt(content as Schema, 'schema'),
        objectAt(same, 'schema'),
        direction,
        here,
      );
    }
  }
}

function compareSchemas(
  oldReference: Schema,
  newReference: Schema,
  direction: Direction,
  here: Here,
): void {
  const { comparison } = here;
  // A component is compared once, under its own name, and not at each place that refers to it.
  const name = componentOf(oldReference);
  if (name !== undefined && name === componentOf(newReference)) {
    const key = `${direction} ${name}`;
    if (comparison.compared.has(key)) return;
    comparison.compared.add(key);
    here = { ...here, place: `${name} in ${direction}s` };
  }
  const before = flattened(oldReference, comparison.before);
  const after = flattened(newReference, comparison.after);
  const report = (change: string) => comparison.changes.add(`${here.place}: ${change}`);
  compareTypes(before, after, direction, report);
  compareMembers(before, after, direction, { ...here, report });
  if (direction === 'request') for (const change of narrowed(before, after)) report(change);
  const inner: [string, string][] = [
    ['items', 'an item'],
    ['additionalProperties', 'a value'],
    ['propertyNames', 'a key'],
  ];
  for (const [keyword, words] of inner) {
    const [old, now] = [before[keyword], after[keyword]];
    if (!isSchema(old) || !isSchema(now)) continue;
    compareSchemas(old, now, direction, { ...here, place: `${here.place}: ${words}` });
  }
}

type Report = (change: string) => void;

function compareTypes(before: Schema, after: Schema, direction: Direction, report: Report): void {
  const [old, now] = [typesOf(before), typesOf(after)];
  const lost = direction === 'request' ? missing(old, now) : missing(now, old);
  const isUnknown = old.length === 0 || now.length === 0;
  if (lost.length > 0 && !isUnknown)
    report(`the type ${old.join(' | ')} became ${now.join(' | ')}`);
  if (before['format'] !== after['format']) {
    report(`the format ${formatOf(before)} became ${formatOf(after)}`);
  }
}

function compareMembers(
  before: Schema,
  after: Schema,
  direction: Direction,
  { report, ...here }: Here & { report: Report },
): void {
  const [old, now] = [objectAt(before, 'properties'), objectAt(after, 'properties')];
  const [oldRequired, newRequired] = [listAt(before, 'required'), listAt(after, 'required')];
  for (const [name, schema] of Object.entries(old)) {
    const same = now[name];
    if (!isSchema(same)) report(`the field ${name} was removed`);
    else {
      const place = `${here.place}: ${name}`;
      compareSchemas(schema as Schema, same, direction, { ...here, place });
    }
  }
  if (direction === 'request') {
    for (const name of missing(newRequired, oldRequired))
      report(`the field ${name} became required`);
  } else {
    const left = missing(oldRequired, newRequired).filter((name) => name in now);
    for (const name of left) report(`the field ${name} may be absent`);
  }
}

const lowerBounds = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const upperBounds = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];

/** What a request could have before and can't any more. */
function narrowed(before: Schema, after: Schema): string[] {
  const changes: string[] = [];
  const [oldValues, newValues] = [before['enum'], after['enum']];
  if (Array.isArray(newValues)) {
    if (!Array.isArray(oldValues)) changes.push('only some values are accepted');
    else
      changes.push(
        ...missing(oldValues, newValues).map((value) => `the value ${value} was removed`),
      );
  }
  for (const [bounds, isNarrower] of [
    [lowerBounds, (old: number, now: number) => now > old],
    [upperBounds, (old: number, now: number) => now < old],
  ] as const) {
    for (const keyword of bounds) {
      const [old, now] = [before[keyword], after[keyword]];
      if (typeof now !== 'number') continue;
      if (typeof old !== 'number') changes.push(`${keyword} is ${now} and was unlimited`);
      else if (isNarrower(old, now)) changes.push(`${keyword} is ${now} and was ${old}`);
    }
  }
  if (after['pattern'] !== undefined && after['pattern'] !== before['pattern']) {
    changes.push('the pattern changed');
  }
  if (after['uniqueItems'] === true && before['uniqueItems'] !== true) {
    changes.push('items have to be unique');
  }
  const [oldReserved, newReserved] = [objectAt(before, 'not'), objectAt(after, 'not')];
  for (const value of missing(listAt(newReserved, 'enum'), listAt(oldReserved, 'enum'))) {
    changes.push(`the value ${value} is refused`);
  }
  for (const keyword of ['oneOf', 'anyOf']) changes.push(...lostChoices(before, after, keyword));
  return changes;
}

function lostChoices(before: Schema, after: Schema, keyword: string): string[] {
  const [old, now] = [before[keyword], after[keyword]] as (Schema[] | undefined)[];
  if (now === undefined) return [];
  const titles = (choices: readonly Schema[]) => choices.map(({ title }) => String(title));
  if (old === undefined) return [`one of ${titles(now).join(', ')} has to be chosen`];
  return missing(titles(old), titles(now)).map((title) => `the choice ${title} was removed`);
}

/** With what it refers to and with its parts in one; a schema that allows null is that schema with one more type. */
function flattened(reference: Schema, document: Schema): Schema {
  const { allOf, anyOf, ...schema } = resolved(reference, document);
  const values = (anyOf as Schema[] | undefined)?.filter(({ type }) => type !== 'null');
  if (values !== undefined && values.length === 1 && (anyOf as Schema[]).length === 2) {
    const [value = {}] = values;
    const flat = flattened(value, document);
    return { ...flat, type: [...typesOf(flat), 'null'] };
  }
  const parts = ((allOf as Schema[] | undefined) ?? []).map((part) => flattened(part, document));
  const whole = anyOf === undefined ? schema : { ...schema, anyOf };
  return Object.assign({}, whole, ...parts, {
    properties: Object.assign({}, ...[whole, ...parts].map((part) => objectAt(part, 'properties'))),
    required: [whole, ...parts].flatMap((part) => listAt(part, 'required')),
  }) as Schema;
}

function resolved(value: Schema, document: Schema): Schema {
  const { $ref } = value;
  if (typeof $ref !== 'string') return value;
  const steps = $ref.replace('#/', '').split('/');
  return steps.reduce<Schema>((node, step) => objectAt(node, step), document);
}

function componentOf({ $ref }: Schema): string | undefined {
  return typeof $ref === 'string' ? $ref.split('/').at(-1) : undefined;
}

function typesOf({ type }: Schema): string[] {
  return type === undefined ? [] : [type].flat().map(String);
}

function formatOf({ format = 'none' }: Schema): string {
  return format as string;
}

function objectAt(schema: Schema, key: string): Schema {
  const value = schema[key];
  return isSchema(value) ? value : {};
}

function listAt(schema: Schema, key: string): string[] {
  const value = schema[key];
  return Array.isArray(value) ? value.map(String) : [];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values that the others lack. */
function missing(values: readonly unknown[], others: readonly unknown[]): string[] {
  return values.filter((value) => !others.includes(value)).map(String);
}
