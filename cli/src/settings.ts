import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ConfigError } from '@loyalty/platform/config.ts';

/** What `npm start` of this copy of the project wrote for those who use it. */
const file = join(import.meta.dirname, '../../.local/env');

/**
 * Settings of the command: the environment, and where that doesn't have one, the platform that `npm start` runs.
 *
 * @throws {ConfigError} naming the one that is missing
 */
export function readSetting(name: string): string {
  const value = environmentSetting(name) ?? localSettings()[name];
  if (value === undefined) {
    throw new ConfigError(`${name} is not set; set it, or start the platform here: npm start`);
  }
  return value;
}

/** Undefined if the environment has no such setting, whatever `npm start` runs. */
export function environmentSetting(name: string): string | undefined {
  return process.env[name] || undefined;
}

function localSettings(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
