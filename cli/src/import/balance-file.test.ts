import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createZoneClock } from '@loyalty/rules/zone-clock.ts';
import { instantsOf, openBalanceFile } from './balance-file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty balances '));
});
afterAll(() => rm(directory, { recursive: true }));

const silent = {
  start: () => ({ to: () => undefined, end: () => undefined }),
  notice: () => undefined,
};

/** Rows as `ann 1200 expireMs=…`, or why they are refused. */
async function read(content: string) {
  const path = join(directory, 'balances.csv');
  await writeFile(path, content);
  const { lines } = await openBalanceFile(path, { columns: {}, progress: silent });
  const clock = createZoneClock('America/New_York');
  const rows: string[] = [];
  const ids: string[] = [];
  for await (const some of lines.read()) {
    for (const row of some) {
      if (row.kind === 'line') ids.push(row.id);
      rows.push(
        row.kind === 'line'
          ? [
              row.line.userId,
              row.line.points,
              ...Object.entries(instantsOf(row.line, clock)).map(
                ([name, ms]) => `${name}=${new Date(ms).toISOString()}`,
              ),
            ].join(' ')
          : row.kind,
        ...(row.kind === 'problem' ? [row.problem] : []),
      );
    }
  }
  return { rows, ids };
}

describe('a file of balances', () => {
  test('has points with dates in the zone of the program; an expiry date is the last day', async () => {
    const { rows } = await read(
      'Member ID;Points Balance;Available From;Expiry Date;Member Since\nann;1200;2026-01-01;2026-12-31;2019-05-01\nbob;5;;2026-12-31T12:00:00Z;\n',
    );
    expect(rows).toEqual([
      'ann 1200 availableMs=2026-01-01T05:00:00.000Z expireMs=2027-01-01T05:00:00.000Z joinMs=2019-05-01T04:00:00.000Z',
      'bob 5 expireMs=2026-12-31T12:00:00.000Z',
    ]);
  });

  test('has whole points, more than none', async () => {
    const { rows } = await read('user,points\nann,0\nann,-5\nann,1.5\nann,\n,5\n');
    const noPoints = (text: string) => `"${text}" is not a number of points: write it like 1234`;
    expect(rows.filter((row) => row !== 'problem')).toEqual([
      'there are no points to credit',
      noPoints('-5'),
      noPoints('1.5'),
      noPoints(''),
      "the user's id is empty",
    ]);
  });

  test('has each user with two dates once: a repeat counts once, and other points are a conflict', async () => {
    const problem = 'other lines have other points for the same user and dates';
    const { rows, ids } = await read(
      'user,points,expires_at\nann,5,\nann,5,\nbob,1,\nbob,2,\ncid,1,2026-12-31\ncid,2,2026-12-30\n',
    );
    expect(rows).toEqual([
      'ann 5',
      'repeat',
      'problem',
      problem,
      'problem',
      problem,
      'cid 1 expireMs=2027-01-01T05:00:00.000Z',
      'cid 2 expireMs=2026-12-31T05:00:00.000Z',
    ]);
    expect(new Set(ids).size).toBe(3);
  });

  test('has points that never expire without a date, and no date that the ledger can not keep', async () => {
    const { rows } = await read(
      'user,points,available_date,expiry_date\nann,5,,9999-12-31\nbob,5,9999-12-31,\ncid,5,8999-12-31,\ndot,5,,8999-12-31T23:00:00-12:00\neve,5,8999-12-29,8999-12-30\n',
    );
    const early = 'write a date before 8999-12-31';
    const never = `leave it empty for points that never expire, if the program has no other policy, or ${early}`;
    expect(rows.filter((row) => row !== 'problem')).toEqual([
      `"9999-12-31" is too far ahead for an expiry: ${never}`,
      `"9999-12-31" is too far ahead: ${early}`,
      `"8999-12-31" is too far ahead: ${early}`,
      `"8999-12-31T23:00:00-12:00" is too far ahead for an expiry: ${never}`,
      'eve 5 availableMs=8999-12-29T05:00:00.000Z expireMs=8999-12-31T05:00:00.000Z',
    ]);
  });

  test('has one join date for each user', async () => {
    const problem =
      'other lines have another join date for the same user, or none: give all of them the same';
    const { rows } = await read(
      'user,points,expires_at,member_since\nann,5,,2019-05-01\nbob,1,2026-12-31,2019-05-01\nbob,2,,2020-05-01\nbob,2,,2020-05-01\ncid,1,2026-12-31,\ncid,2,,2019-05-01\ndot,1,2026-12-31,2019-05-01\ndot,2,,2019-05-01 00:00\neve,1,,\neve,1,,2019-05-01\n',
    );
    const join = 'joinMs=2019-05-01T04:00:00.000Z';
    expect(rows).toEqual([
      `ann 5 ${join}`,
      ...Array.from({ length: 5 }, () => ['problem', problem]).flat(),
      `dot 1 expireMs=2027-01-01T05:00:00.000Z ${join}`,
      `dot 2 ${join}`,
      ...['problem', problem, 'problem', problem],
    ]);
  });

  test('gives a balance the same id, whatever its points and its place are', async () => {
    const first = await read('user,points,expires_at\nann,5,2026-12-31\n');
    const second = await read('points,expires_at,user\n1,,bob\n7,2027-01-01 00:00,ann\n');
    expect(second.ids).toContain(first.ids[0]);
  });
});
