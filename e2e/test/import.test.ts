// Past purchases come in by the file, each of them once, whatever happens meanwhile.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createProgram, lifetimeEarned } from '../src/http.ts';
import { loyalty } from '../src/loyalty-command.ts';
import {
  createPlace,
  type Place,
  type RunningPlatform,
  startPlatform,
} from '../src/running-platform.ts';

let place: Place;
let platform: RunningPlatform;

beforeAll(async () => {
  place = await createPlace();
  platform = await startPlatform(place);
}, 60_000);

afterAll(async () => {
  await platform.stop();
  await place.remove();
}, 30_000);

const pointPerDollar = {
  points: 1,
  per: { currencyCode: 'USD', minorUnits: 100 },
  mode: 'PROPORTIONAL',
};

/** A file of purchases, and the points that each user gets for them: a whole one for each whole dollar of a purchase. */
async function purchaseFile(name: string, lineCount: number) {
  const expected = new Map<string, number>();
  const lines = ['user_id,purchase_date,quantity,amount_usd'];
  for (let line = 0; line < lineCount; line++) {
    const user = `${name}-${(line * 7919) % 400}`;
    const dollars = (line * 31) % 200;
    const day = String(1 + (line % 28)).padStart(2, '0');
    lines.push(`${user},2025-0${1 + (line % 9)}-${day},${1 + (line % 5)},${dollars}.99`);
    expected.set(user, (expected.get(user) ?? 0) + dollars);
  }
  const path = join(place.directory, `${name}.csv`);
  await writeFile(path, `${lines.join('\n')}\n`);
  return { path, expected };
}

describe('an import', () => {
  test('credits each line once, and tells which lines it could not credit', async () => {
    const programId = 'imported';
    await createProgram(platform, { programId, rate: pointPerDollar });
    const { path, expected } = await purchaseFile('shop', 2000);
    const bad = `${path.replace('shop', 'faulty')}`;
    await writeFile(
      bad,
      'user_id,purchase_date,quantity,amount_usd\nshop-1,2025-02-30,1,5.00\nstranger,2025-02-03,1,5.00\n',
    );

    const first = await loyalty(platform, ['import', path, '--program', programId, '--join']);
    expect(first.stdout).toMatch(/accepted +2,000\nposted +2,000\nduplicates +0\nrejected +0\n/);
    expect(first.exitCode).toBe(0);
    expect(await lifetimeEarned(platform, programId)).toEqual(expected);

    const second = await loyalty(platform, ['import', path, '--program', programId, '--join']);
    expect(second.stdout).toMatch(
      /accepted +2,000\nposted +0\nduplicates +2,000 .*\nrejected +0\n/,
    );
    expect(second.exitCode).toBe(0);
    expect(await lifetimeEarned(platform, programId)).toEqual(expected);

    const faulty = await loyalty(platform, ['import', bad, '--program', programId]);
    expect(faulty.stdout).toMatch(/accepted +1\nposted +0\nduplicates +0\nrejected +2\n/);
    expect(faulty.stdout).toMatch(/line 2: .*calendar\nline 3: MEMBERSHIP_NOT_FOUND: /);
    expect(faulty.exitCode).toBe(1);
    expect(await lifetimeEarned(platform, programId)).toEqual(expected);
  }, 120_000);

  test('loses and doubles nothing while the ledger is killed', async () => {
    const programId = 'interrupted';
    await createProgram(platform, { programId, rate: pointPerDollar });
    const { path, expected } = await purchaseFile('interrupted', 10_000);
    // Each stretch of the work is announced when it is over or takes long: killed in the middle of all of them.
    const killedAt = new Set<string>();
    const result = await loyalty(
      platform,
      ['import', path, '--program', programId, '--join'],
      (stderr) => {
        for (const stretch of ['joining', 'publishing']) {
          if (stderr.includes(`${stretch}: `) && !killedAt.has(stretch)) {
            killedAt.add(stretch);
            platform.killService('services/ledger/src/main.ts');
          }
        }
      },
    );
    expect(killedAt.size).toBe(2);
    expect(result.stdout).toMatch(/accepted +10,000\nposted +10,000\nduplicates +0\nrejected +0\n/);
    expect(result.exitCode).toBe(0);
    expect(await lifetimeEarned(platform, programId)).toEqual(expected);
    expect(await loyalty(platform, ['verify'])).toMatchObject({ exitCode: 0 });
    expect(platform.output()).toContain('ledger is ready again.');
  }, 180_000);

  test('into a program that does not exist says so at once', async () => {
    const { path } = await purchaseFile('lost', 10);
    const result = await loyalty(platform, ['import', path, '--program', 'no-such-program']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain('no-such-program');
  }, 30_000);
});
