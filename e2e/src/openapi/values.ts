// Values that a schema of the document allows.
import { fc } from '@loyalty/local/property.ts';
import { resolved, type Schema } from './document.ts';

export interface ValueOptions {
  /** Values that mean something to the platform, by the name of the member that has them. */
  readonly known: ReadonlyMap<string, readonly unknown[]>;
  /** The probability of a member that may be absent. */
  readonly optional: number;
}

type Values = fc.Arbitrary<unknown>;

export function valuesOf(schema: Schema, options: ValueOptions, name = ''): Values {
  const known = options.known.get(name);
  if (known === undefined) return allowedBy(schema, options, name);
  const meaningful = fc.constantFrom(...known);
  if (options.optional === 0) return meaningful;
  return fc.oneof(
    { weight: 4, arbitrary: meaningful },
    { weight: 1, arbitrary: allowedBy(schema, options, name) },
  );
}

function allowedBy(reference: Schema, options: ValueOptions, name: string): Values {
  const schema = resolved(reference);
  const { type } = schema;
  const alternatives = schema['anyOf'] as Schema[] | undefined;
  if (schema['allOf'] !== undefined) return valuesOf(merged(schema), options, name);
  if (schema['enum'] !== undefined) return fc.constantFrom(...(schema['enum'] as unknown[]));
  if (type === undefined && alternatives !== undefined) {
    return fc.oneof(...alternatives.map((each) => valuesOf(each, options, name)));
  }
  if (Array.isArray(type)) {
    const kinds = type.map((each): Values => allowedBy({ ...schema, type: each }, options, name));
    return fc.oneof(...kinds);
  }
  switch (type) {
    case 'object':
      return schema['properties'] === undefined ? maps(schema, options) : objects(schema, options);
    case 'array':
      return fc.array(valuesOf(schema['items'] as Schema, options, name), {
        minLength: Number(schema['minItems'] ?? 0),
        maxLength: Math.min(3, Number(schema['maxItems'] ?? 3)),
      });
    case 'string':
      return texts(schema);
    case 'integer':
      return integers(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      throw new Error(`No values for ${JSON.stringify(schema)}`);
  }
}

/** One schema for all parts of an `allOf`, which add members or require them. */
function merged({ allOf }: Schema): Schema {
  const parts = (allOf as Schema[]).map(resolved);
  return {
    ...Object.assign({}, ...parts),
    required: parts.flatMap(({ required }) => (required as string[] | undefined) ?? []),
  } as Schema;
}

function objects(schema: Schema, options: ValueOptions): Values {
  const properties = schema['properties'] as Readonly<Record<string, Schema>>;
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  const choices = ((schema['oneOf'] ?? schema['anyOf'] ?? []) as Schema[]).map(
    (choice) => (choice['required'] as string[] | undefined) ?? [],
  );
  const exclusive = new Set(choices.flat());
  const chosen = choices.length === 0 ? fc.constant<string[]>([]) : fc.constantFrom(...choices);
  const names = Object.keys(properties);
  const least = Number(schema['minProperties'] ?? 0);
  return fc
    .tuple(
      chosen,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
        minLength: names.length,
        maxLength: names.length,
      }),
      fc.nat({ max: Math.max(0, names.length - 1) }),
    )
    .chain(([choice, chances, fallback]) => {
      const taken = names.filter(
        (name, index) =>
          required.has(name) ||
          choice.includes(name) ||
          (!exclusive.has(name) && (chances[index] ?? 1) < options.optional),
      );
      const preferred = names.find((name) => options.known.has(name)) ?? names[fallback];
      if (taken.length < least && preferred !== undefined) taken.push(preferred);
      return fc.record(
        Object.fromEntries(
          taken.map((name) => [name, valuesOf(properties[name] ?? {}, options, name)]),
        ),
      );
    });
}

function maps(schema: Schema, options: ValueOptions): Values {
  const values = schema['additionalProperties'];
  if (typeof values !== 'object') return fc.constant({});
  return fc
    .array(
      fc.tuple(
        texts((schema['propertyNames'] ?? {}) as Schema).filter((key) => key !== '__proto__'),
        valuesOf(values as Schema, options),
      ),
      { maxLength: 3 },
    )
    .map((entries) => Object.fromEntries(entries));
}

function texts(schema: Schema): fc.Arbitrary<string> {
  const {
    pattern,
    format,
    minLength = 0,
    maxLength = 40,
  } = schema as {
    pattern?: string;
    format?: string;
    minLength?: number;
    maxLength?: number;
  };
  const not = (schema['not'] as { enum: string[] } | undefined)?.enum ?? [];
  if (format === 'date-time') {
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  // A pattern that only refuses invisible characters matches so many others that generating from it takes seconds.
  if (pattern === undefined || pattern.includes('\\P{C}')) {
    const least = Math.max(minLength, pattern === undefined || pattern.startsWith('^$') ? 0 : 1);
    return fc
      .array(fc.constantFrom(...Array.from('abcXYZ 0189-_.é字🍷')), {
        minLength: least,
        maxLength: Math.max(least, Math.min(maxLength, 12)),
      })
      .map((units) => units.join(''))
      .filter((text) => !not.includes(text));
  }
  return matching(pattern).filter((text) => !not.includes(text) && text.length <= maxLength);
}

const byPattern = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const known = byPattern.get(pattern) ?? fc.stringMatching(new RegExp(pattern, 'u'));
  byPattern.set(pattern, known);
  return known;
}

function integers(schema: Schema): fc.Arbitrary<number> {
  const { minimum = -1_000_000, maximum = 1_000_000 } = schema as {
    minimum?: number;
    maximum?: number;
  };
  const not = (schema['not'] as { enum: number[] } | undefined)?.enum ?? [];
  return fc
    .oneof(
      fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1000) }),
      fc.maxSafeInteger().map((value) => minimum + (Math.abs(value) % (maximum - minimum + 1))),
    )
    .filter((value) => Number.isSafeInteger(value) && !not.includes(value));
}
