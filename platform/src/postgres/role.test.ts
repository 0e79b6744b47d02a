import { expect, test } from '@jest/globals';
import pg from 'pg';
import { withRole } from './role.ts';

test.each([
  ['postgres://ada:s%20cret@db:6432/ledger', '-c role=ledger_app'],
  [
    'postgres://db/ledger?sslmode=disable&options=-c%20geqo%3Doff',
    '-c geqo=off -c role=ledger_app',
  ],
])('a session of %s begins in the role', (url, options) => {
  const { host, user, database, ...rest } = new pg.Client(withRole(url, 'ledger_app'));
  const before = new pg.Client(url);
  expect({ host, user, database }).toEqual({
    host: before.host,
    user: before.user,
    database: before.database,
  });
  expect(rest).toHaveProperty('connectionParameters.options', options);
});
