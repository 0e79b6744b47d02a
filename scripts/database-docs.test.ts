import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { root } from './commands.ts';

const page = await readFile(join(root, 'docs/database.md'), 'utf8');

/** Each thing in braces with the name before it: columns as `type name`. */
function blocks(text: string, pattern: RegExp): Map<string, string[]> {
  return new Map(
    Array.from(text.matchAll(pattern), ([, name = '', body = '']) => [
      name,
      body.split('\n').flatMap((line) => /^\s*(\w+ \w+)/.exec(line)?.[1] ?? []),
    ]),
  );
}

describe.each(['ledger', 'programs', 'webhooks'])("the diagram of %s' database", (service) => {
  const start = page.indexOf(`\n## ${service}\n`);
  const section = page.slice(start, page.indexOf('\n## ', start + 1));
  const entities = blocks(section, /^ {2}(\w+) \{\n([\s\S]*?)\n {2}\}/gm);

  test('shows every table, and columns that there are', async () => {
    const schema = await readFile(join(root, 'services', service, 'schema.sql'), 'utf8');
    const short = schema.replaceAll('timestamp with time zone', 'timestamptz');
    const tables = blocks(
      // The dump says the name first.
      short.replace(/^( +)(\w+) (\w+)/gm, '$1$3 $2'),
      /^CREATE TABLE public\.(\w+) \(\n([\s\S]*?)\n\)/gm,
    );
    expect([...entities.keys()].toSorted(byName)).toEqual([...tables.keys()].toSorted(byName));
    for (const [name, columns] of entities) {
      expect({ name, columns: tables.get(name) }).toEqual({
        name,
        columns: expect.arrayContaining(columns),
      });
    }
  });

  test('is followed by what each table is for', () => {
    const explained = Array.from(section.matchAll(/^\| `(\w+)` \|/gm), ([, name = '']) => name);
    expect(explained.toSorted(byName)).toEqual([...entities.keys()].toSorted(byName));
  });
});

function byName(a: string, b: string): number {
  return a.localeCompare(b);
}
