import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openTable } from '../csv/table.ts';
import { prepareRejectedFile } from './rejected-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty rejected '));
});
afterEach(() => rm(directory, { recursive: true }));

async function shop() {
  const path = join(directory, 'shop.csv');
  await writeFile(path, 'user;note\nann;x\n');
  return await openTable(path, { countKnown: () => 1 });
}

const row = { line: 2, lastLine: 2, fields: ['ann;"the first"', '5'] };

describe('a file of rejected lines', () => {
  test('has the lines as they were, by the separator of the file, with their numbers and reasons', async () => {
    const rejected = prepareRejectedFile(await shop());
    rejected.write(row, 'is \u{1b}bad');
    // Before it is closed: an interrupted import has written it.
    expect(await readFile(join(directory, 'shop.rejected.csv'), 'utf8')).toBe(
      'line;reason;user;note\n2;is \\u{1b}bad;"ann;""the first""";5\n',
    );
    rejected.close();
  });

  test('is not there when no line is rejected', async () => {
    const rejected = prepareRejectedFile(await shop());
    rejected.close();
    expect(rejected.path).toBeUndefined();
    expect(await readdir(directory)).toEqual(['shop.csv']);
  });

  test('never takes the place of another', async () => {
    const paths: (string | undefined)[] = [];
    for (let number = 0; number < 3; number += 1) {
      const rejected = prepareRejectedFile(await shop());
      rejected.write(row, 'bad');
      rejected.close();
      paths.push(rejected.path);
    }
    const names = ['shop.rejected.csv', 'shop.rejected-2.csv', 'shop.rejected-3.csv'];
    expect(paths).toEqual(names.map((name) => join(directory, name)));
  });

  test('is asked for elsewhere before anything is imported, where it can not be written', async () => {
    const table = await shop();
    expect(() => prepareRejectedFile(table, join(directory, 'missing', 'r.csv'))).toThrow(
      'name another file with --rejected',
    );
  });
});
