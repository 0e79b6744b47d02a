import { z } from 'zod';

/** Thrown when the process can't start with what its environment says. The message is one line and names the fix. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface ReadConfigOptions<Schema extends z.ZodObject> {
  env: Readonly<Record<string, string | undefined>>;
  /** Keys that start with it belong to this process: one that the schema doesn't know is refused. */
  prefix: string;
  /** Keyed by the names of the environment variables behind the prefix. `.describe()` of a key is used as the hint in messages. */
  schema: Schema;
}

/**
 * Reads the environment once, at start. An empty value counts as absent, as compose files and Kubernetes
 * produce it for a variable without a value. Values are never part of a message: they may be secrets.
 *
 * @throws {ConfigError} naming every key that is unknown, missing or bad
 */
export function readConfig<Schema extends z.ZodObject>(
  options: ReadConfigOptions<Schema>,
): z.output<Schema> {
  const { env, prefix, schema } = options;
  const known = Object.keys(schema.shape).map((name) => prefix + name);
  const present = Object.entries(env).filter(
    ([key, value]) => key.startsWith(prefix) && value !== undefined && value !== '',
  );
  const problems = present
    .map(([key]) => key)
    .filter((key) => !known.includes(key))
    .map((key) => `${key} is not a setting; ${suggestion(key, known)}`);

  const values = present.map(([key, value]) => [key.slice(prefix.length), value]);
  const result = schema.safeParse(Object.fromEntries(values));
  const flawed = new Set<string>();
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    if (flawed.has(name)) continue; // the first complaint about a setting is enough
    flawed.add(name);
    const key = prefix + name;
    problems.push(complaint(key, env[key], issue.message, schema.shape[name]));
  }
  if (problems.length > 0 || !result.success) throw new ConfigError(problems.join(' | '));
  return result.data;
}

function complaint(
  key: string,
  value: string | undefined,
  message: string,
  schema: z.core.$ZodType | undefined,
): string {
  const hint = schema === undefined ? undefined : z.globalRegistry.get(schema)?.description;
  const fix = hint === undefined ? '' : `: ${hint}`;
  return value === undefined || value === ''
    ? `${key} is missing; set it${fix}`
    : `${key} ${message}${fix}`;
}

function suggestion(key: string, known: readonly string[]): string {
  const nearest = known.toSorted((a, b) => editDistance(key, a) - editDistance(key, b))[0];
  return nearest !== undefined && editDistance(key, nearest) <= 3
    ? `did you mean ${nearest}?`
    : `remove it (known: ${known.join(', ')})`;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** What docs/configuration.md says of a setting besides its description and its default. */
export interface SettingTraits {
  /** Which values it takes, such as `true or false`. */
  readonly allowed?: string;
  /** Whether anyone who knows the value can do harm with it. */
  readonly isSecret?: boolean;
}

export const settingTraits = z.registry<SettingTraits>();

/** Says which values a schema takes. Wrap it before a default, because a schema is copied by what is called on it. */
export function taking<Schema extends z.ZodType>(allowed: string, schema: Schema): Schema {
  settingTraits.add(schema, { ...settingTraits.get(schema), allowed });
  return schema;
}

/** Marks a setting as one that belongs into a secret store. */
export function secret<Schema extends z.ZodType>(schema: Schema): Schema {
  settingTraits.add(schema, { ...settingTraits.get(schema), isSecret: true });
  return schema;
}

/** A whole number within bounds, both inclusive. */
export function integer({ min, max }: { min: number; max: number }) {
  const allowed = `a whole number from ${min} to ${max}`;
  const message = `must be ${allowed}`;
  return taking(
    allowed,
    z
      .string()
      .regex(/^-?\d{1,15}$/, message)
      .transform(Number)
      .refine((value) => value >= min && value <= max, message),
  );
}

/** A TCP port; 0 lets the system choose a free one. */
export function port() {
  return integer({ min: 0, max: 65_535 });
}

/** A URL of one of the given protocols, e.g. `postgres:`. */
export function url({ protocols }: { protocols: readonly string[] }) {
  const allowed = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`;
  return taking(
    allowed,
    z.string().refine((value) => {
      const parsed = URL.parse(value);
      return parsed !== null && protocols.includes(parsed.protocol);
    }, `must be ${allowed}`),
  );
}

/** The path of a file. */
export function file() {
  return taking('a path', z.string());
}

export function flag() {
  const allowed = 'true or false';
  return taking(
    allowed,
    z
      .enum(['true', 'false'], { error: `must be ${allowed}` })
      .transform((value) => value === 'true'),
  );
}

export function logLevel() {
  const allowed = 'fatal, error, warn, info, debug, trace or silent';
  return taking(
    allowed,
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: `must be ${allowed}`,
    }),
  );
}
