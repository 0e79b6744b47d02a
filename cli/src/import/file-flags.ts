import { isTimeZone } from '@loyalty/rules/zone-clock.ts';
import { type Command, InvalidArgumentError } from 'commander';
import { separatorOf } from '../csv/separator.ts';
import type { Role } from './columns.ts';

/** Flags of every command that imports a file. */
export interface FileFlags {
  program: string;
  separator?: string;
  timeZone?: string;
  rejected?: string;
}

/** Adds them to a command, with one for the column of each role. */
export function addFileFlags(command: Command, roles: Readonly<Record<string, Role>>): Command {
  for (const { flag, what } of Object.values(roles)) {
    command.option(`${flag} <column>`, `column with ${what}: its name, or its number from 1`);
  }
  return command
    .option('--separator <sign>', 'comma, semicolon, tab or another character', parseSeparator)
    .option(
      '--time-zone <name>',
      "zone of times that name none (default: the program's)",
      parseTimeZone,
    )
    .option('--rejected <file>', 'file for rejected lines (default: beside the imported file)');
}

/** What the flags of roles name, by role. */
export function namedColumns<Name extends string>(
  roles: Readonly<Record<Name, Role>>,
  options: Readonly<Record<string, unknown>>,
): Partial<Record<Name, string>> {
  const entries = Object.entries<Role>(roles).map(([name, { flag }]) => [
    name,
    options[camelCased(flag)],
  ]);
  return Object.fromEntries(entries.filter(([, column]) => typeof column === 'string')) as Partial<
    Record<Name, string>
  >;
}

/** As commander names the value of a flag. */
function camelCased(flag: string): string {
  return flag.replace(/^--/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function parseSeparator(text: string): string {
  const separator = separatorOf(text);
  if (separator === undefined) {
    throw new InvalidArgumentError('Write comma, semicolon, tab, or one other character.');
  }
  return separator;
}

function parseTimeZone(text: string): string {
  if (!isTimeZone(text)) throw new InvalidArgumentError('Write it like Europe/Paris or UTC.');
  return text;
}
