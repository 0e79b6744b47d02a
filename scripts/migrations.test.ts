import { expect, test } from '@jest/globals';
import { migrationProblem } from './migrations.ts';

test.each([
  ['0001_ledger.sql', '-- readable since 0001\nCREATE TABLE a ();'],
  ['0007_notes.sql', '-- readable since 0004\nALTER TABLE a ADD COLUMN note text;'],
])('%s may begin with %j', (name, sql) => {
  expect(migrationProblem(name, sql)).toBeUndefined();
});

test.each([
  ['0002_notes.sql', 'ALTER TABLE a ADD COLUMN note text;', 'begin it with a line such as'],
  ['0002_notes.sql', '-- Notes.\n-- readable since 0001\n', 'begin it with a line such as'],
  ['0002_notes.sql', '-- readable since 0003\n', 'no earlier migration 0003'],
  ['notes.sql', '-- readable since 0001\n', 'call it like'],
])('%s may not begin with %j', (name, sql, problem) => {
  expect(migrationProblem(name, sql)).toContain(problem);
});
