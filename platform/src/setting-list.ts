// The settings of a process, as its schema has them: for pages and checks, not for the process itself.
import { z } from 'zod';
import { type SettingTraits, settingTraits } from './config.ts';

export type SettingValue = string | number | boolean | readonly string[];

/** One environment variable. */
export interface Setting extends SettingTraits {
  /** The name of the environment variable, without the prefix. */
  readonly name: string;
  /** Empty if the schema has none. */
  readonly description: string;
  /** Whether the process refuses to start without it. */
  readonly isRequired: boolean;
  /** What the process works with where the setting is absent. */
  readonly preset: SettingValue | undefined;
}

/** The settings of a schema that `readConfig` reads, in its order. */
export function listSettings(schema: z.ZodObject): Setting[] {
  return Object.entries(schema.shape).map(([name, setting]) => {
    const absent = z.safeParse(setting, undefined);
    return {
      ...traitsOf(setting),
      name,
      description: z.globalRegistry.get(setting)?.description ?? '',
      isRequired: !absent.success,
      preset: absent.data as SettingValue | undefined,
    };
  });
}

/** The traits of a schema, or of what it wraps: a default or an optional value. */
function traitsOf(schema: z.core.$ZodType): SettingTraits {
  const own = settingTraits.get(schema as z.ZodType);
  const { innerType } = schema._zod.def as { innerType?: z.core.$ZodType };
  return { ...(innerType === undefined ? {} : traitsOf(innerType)), ...own };
}
