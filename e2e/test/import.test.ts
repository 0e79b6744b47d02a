// Past purchases come in by the file, each of them once, whatever happens meanwhile.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  type PlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { type CountingProxy, startCountingProxy } from '../src/counting-proxy.ts';
import { createProgram, http, lifetimeEarned } from '../src/http.ts';
import { loyalty, startLoyalty } from '../src/loyalty-command.ts';
import {
  createRandom,
  csvOf,
  generatePurchases,
  type Purchase,
  pointsOf,
  shuffled,
} from '../src/purchase-file.ts';

let home: PlatformHome;
let platform: RunningPlatform;
let proxy: CountingProxy;
/** The platform with the proxy on the way to the ledger. */
let counted: Pick<RunningPlatform, 'env'>;

beforeAll(async () => {
  home = await createPlatformHome();
  platform = await startPlatform(home);
  proxy = await startCountingProxy(platform.env['LOYALTY_LEDGER_GRPC'] ?? '');
  counted = { env: { ...platform.env, LOYALTY_LEDGER_GRPC: proxy.address } };
}, patience(60_000));

afterAll(async () => {
  await proxy.close();
  await platform.stop();
  await home.remove();
}, patience(30_000));

const pointPerDollar = {
  points: 1,
  per: { currencyCode: 'USD', minorUnits: 100 },
  mode: 'PROPORTIONAL',
};

async function programWithPoints(programId: string): Promise<string> {
  await createProgram(platform, { programId, rate: pointPerDollar });
  return programId;
}

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(home.directory, name);
  await writeFile(path, content);
  return path;
}

/** How many lines a result has of a kind. */
function lines(stdout: string, name: string): number {
  const count = new RegExp(`^${name} +([\\d,]+)`, 'm').exec(stdout)?.[1];
  if (count === undefined) throw new Error(`The result has no ${name}:\n${stdout}`);
  return Number(count.replaceAll(',', ''));
}

function outcome({ exitCode, stdout, stderr }: Awaited<ReturnType<typeof loyalty>>) {
  if (exitCode !== 0 && exitCode !== 1) throw new Error(stderr);
  return {
    posted: lines(stdout, 'posted'),
    known: lines(stdout, 'known before'),
    rejected: lines(stdout, 'rejected'),
  };
}

function importInto(programId: string, path: string, ...flags: string[]) {
  return ['import', path, '--program', programId, ...flags];
}

describe('an import', () => {
  test(
    'credits each line once, and keeps the lines that it could not credit with the reasons',
    async () => {
      const programId = await programWithPoints('imported');
      const path = await file(
        'shop.csv',
        'user_id,purchase_date,amount_usd\nann,2025-01-31,12.50\n"bob, jr",2025-02-30,5.00\ncid,2025-02-03,7.00\n',
      );
      const strangers = await loyalty(platform, importInto(programId, path));
      expect(strangers.exitCode).toBe(1);
      expect(outcome(strangers)).toEqual({ posted: 0, known: 0, rejected: 3 });

      const result = await loyalty(platform, importInto(programId, path, '--join'));
      expect(result.exitCode).toBe(1);
      expect(result.stdout).toMatch(
        /^posted +2 {2}19 points\nknown before +0\nrejected +1 {2}in .*shop\.rejected-2\.csv\nline 3: "2025-02-30" is not in the calendar\n/,
      );
      expect(await readFile(join(home.directory, 'shop.rejected-2.csv'), 'utf8')).toBe(
        'line,reason,user_id,purchase_date,amount_usd\n3,"""2025-02-30"" is not in the calendar","bob, jr",2025-02-30,5.00\n',
      );
      expect(await lifetimeEarned(platform, programId)).toEqual(
        new Map([
          ['ann', 12],
          ['cid', 7],
        ]),
      );

      const corrected = (await readFile(join(home.directory, 'shop.rejected-2.csv'), 'utf8'))
        .split('2025-02-30,')
        .join('2025-02-28,');
      const rest = await file('corrected.csv', corrected);
      const second = await loyalty(platform, importInto(programId, rest, '--join'));
      expect(outcome(second)).toEqual({ posted: 1, known: 0, rejected: 0 });
      expect((await lifetimeEarned(platform, programId)).get('bob, jr')).toBe(5);
    },
    patience(60_000),
  );

  test(
    'knows a purchase again, however its file is called, ordered, written and extended',
    async () => {
      const programId = await programWithPoints('variants');
      const purchases = generatePurchases(1_200, { seed: 1 });
      const first = await file('purchases.csv', csvOf(purchases));
      expect(outcome(await loyalty(platform, importInto(programId, first, '--join')))).toEqual({
        posted: 1_200,
        known: 0,
        rejected: 0,
      });
      expect(await lifetimeEarned(platform, programId)).toEqual(pointsOf(purchases));

      const plain = csvOf(purchases);
      const variants: Record<string, string | Buffer> = {
        'purchases (1).csv': plain,
        'shuffled.csv': csvOf(shuffled(purchases, { seed: 2 })),
        'crlf.csv': csvOf(purchases, { lineEnd: '\r\n' }),
        'bom.csv': `\u{FEFF}${plain}`,
        'semicolons.csv': csvOf(purchases, { separator: ';', decimal: ',' }),
        'quoted.csv': csvOf(purchases, { quote: '"' }),
        'utf16le.csv': Buffer.from(`\u{FEFF}${plain}`, 'utf16le'),
        'utf16be.csv': Buffer.from(`\u{FEFF}${plain}`, 'utf16le').swap16(),
        'everything.csv': Buffer.from(
          `\u{FEFF}${csvOf(shuffled(purchases, { seed: 3 }), { separator: '\t', decimal: ',', lineEnd: '\r\n', quote: '"' })}`,
          'utf16le',
        ),
      };
      for (const [name, content] of Object.entries(variants)) {
        const again = await loyalty(platform, importInto(programId, await file(name, content)));
        expect([name, outcome(again)]).toEqual([name, { posted: 0, known: 1_200, rejected: 0 }]);
      }

      const added: Purchase[] = generatePurchases(700, { seed: 4 }).map((purchase) => ({
        ...purchase,
        date: purchase.date.replace('2025', '2026').replace(/-1[0-2]-/, '-01-'),
      }));
      const extended = await file('extended.csv', csvOf([...added, ...purchases]));
      expect(outcome(await loyalty(platform, importInto(programId, extended, '--join')))).toEqual({
        posted: 700,
        known: 1_200,
        rejected: 0,
      });
      expect(await lifetimeEarned(platform, programId)).toEqual(pointsOf([...added, ...purchases]));
    },
    patience(120_000),
  );

  test(
    'takes back refunds, those that wait included, once',
    async () => {
      const programId = await programWithPoints('refunds');
      const content =
        'order_id,user_id,purchase_date,amount_usd\no1,ann,2025-01-31,50.00\no1,ann,2025-02-03,-20.00\no1,ann,2025-02-03,-20.00\no9,ann,2025-02-03,-1.00\n';
      const path = await file('refunds.csv', content);
      const result = await loyalty(platform, importInto(programId, path, '--join', '--refunds'));
      expect(result.stdout).toMatch(
        /^posted +1 {2}50 points\nrefunded +2 {2}40 points taken back\nwaiting +1 .*\nknown before +0\nrejected +0\n/,
      );
      expect(await lifetimeEarned(platform, programId)).toEqual(new Map([['ann', 10]]));
      const again = await loyalty(platform, importInto(programId, path, '--join', '--refunds'));
      expect(again.stdout).toMatch(
        /^posted +0 .*\nrefunded +0 .*\nwaiting +1 .*\nknown before +3 /,
      );
      expect(await lifetimeEarned(platform, programId)).toEqual(new Map([['ann', 10]]));

      const late = 'order_id,user_id,purchase_date,amount_usd\no9,ann,2025-02-01,8.00\n';
      await loyalty(platform, importInto(programId, await file('late.csv', late)));
      expect(await lifetimeEarned(platform, programId)).toEqual(new Map([['ann', 17]]));
    },
    patience(60_000),
  );

  test(
    'credits nothing when it only shows what it would do',
    async () => {
      const programId = await programWithPoints('previewed');
      const path = await file(
        'previewed.csv',
        'user_id,purchase_date,amount_usd,campaign_id,currency\nann,2025-01-31,12.50,c1,USD\nann,2025-01-31,x,c1,USD\nann,9999-12-31T23:30:00-05:00,1.00,c1,\nann,0000-01-01,1.00,c1,USD\n',
      );
      const flags = ['--dry-run', '--currency', 'USD'];
      const result = await loyalty(platform, importInto(programId, path, ...flags));
      expect(result).toMatchObject({ exitCode: 1, stderr: '' });
      expect(result.stdout).toContain('\n  ignored    campaign_id\n');
      expect(result.stdout).toContain(
        '\n  currency   currency, where other currencies are rejected\n',
      );
      expect(result.stdout).toContain('name it with --transaction-column');
      expect(result.stdout).toMatch(/line 2: user "ann", 2025-01-31T.*, 12\.50 USD: 12 points\n/);
      expect(result.stdout).toContain(
        [
          '',
          'line 4: user "ann", after the year 9999, 1.00 USD: refused',
          'line 5: user "ann", before the year 1, 1.00 USD: refused',
          '1 purchase, 3 rejected lines',
          'line 3: "x" is not an amount: write it like 1234.56, without a currency',
          '',
        ].join('\n'),
      );
      expect(result.stdout).toMatch(/\nNothing was credited\.\n$/);
      expect(await lifetimeEarned(platform, programId)).toEqual(new Map());
    },
    patience(30_000),
  );

  test(
    'into a program that does not exist, or of a file with two meanings, says so at once',
    async () => {
      const path = await file('lost.csv', 'user,date,amount_usd\nann,2025-01-31,1.00\n');
      const lost = await loyalty(platform, importInto('no-such-program', path));
      expect(lost).toMatchObject({ exitCode: 2, stdout: '' });
      expect(lost.stderr).toContain('no-such-program');
      const odd = await file('odd.csv', 'user,date,amount,total\nann,2025-01-31,1.00,1.20\n');
      const refused = await loyalty(platform, importInto('wine-dine', odd, '--currency', 'USD'));
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toMatch(/^2 columns may be the amount, .* with --amount-column\n$/);
    },
    patience(30_000),
  );
});

describe('an import that is interrupted', () => {
  const purchases = generatePurchases(4_000, { seed: 5 });
  let path: string;
  /** What the command sends to the ledger for the whole file. */
  let totalBytes: number;

  beforeAll(async () => {
    path = await file('interrupted.csv', csvOf(purchases));
    const programId = await programWithPoints('measured');
    proxy.count(Number.POSITIVE_INFINITY, () => undefined);
    await loyalty(counted, importInto(programId, path, '--join'));
    totalBytes = proxy.sentBytes;
  }, patience(60_000));

  test(
    'by being killed at twenty instants goes on where it was: nothing twice, nothing missing',
    async () => {
      const programId = await programWithPoints('killed');
      const below = createRandom(6);
      const instants = Array.from({ length: 20 }, () => below(Math.floor(totalBytes * 0.95)));
      for (const bytes of instants.toSorted((left, right) => left - right)) {
        const command = startLoyalty(counted, importInto(programId, path, '--join'));
        proxy.count(bytes, command.kill);
        expect(await command.result).toMatchObject({ exitCode: null, stdout: '' });
      }
      const result = await loyalty(platform, importInto(programId, path, '--join'));
      const { posted, known, rejected } = outcome(result);
      expect({ lines: posted + known, rejected }).toEqual({ lines: 4_000, rejected: 0 });
      expect(known).toBeGreaterThan(0);
      expect(await lifetimeEarned(platform, programId)).toEqual(pointsOf(purchases));
      expect(await loyalty(platform, ['verify'])).toMatchObject({ exitCode: 0 });
    },
    patience(180_000),
  );

  test(
    'by a ledger that is killed waits for it: nothing twice, nothing missing',
    async () => {
      const programId = await programWithPoints('outlasting');
      let kills = 0;
      const killAt = (bytes: number) =>
        proxy.count(bytes, () => {
          kills += 1;
          platform.killService('services/ledger/src/main.ts');
          if (kills < 2) killAt(totalBytes / 3);
        });
      killAt(totalBytes / 3);
      const result = await loyalty(counted, importInto(programId, path, '--join'));
      expect(kills).toBe(2);
      const { posted, known, rejected } = outcome(result);
      expect({ lines: posted + known, rejected }).toEqual({ lines: 4_000, rejected: 0 });
      expect(await lifetimeEarned(platform, programId)).toEqual(pointsOf(purchases));
      expect(platform.output()).toContain('ledger is ready again.');
    },
    patience(120_000),
  );
});

describe('an import of balances', () => {
  const importBalances = (programId: string, path: string, ...flags: string[]) =>
    loyalty(platform, ['import-balances', path, '--program', programId, ...flags]);

  const member = async (programId: string, userId: string) => {
    const token = platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
    return (await http(platform, { token, path: `programs/${programId}/members/${userId}` })).body;
  };

  test(
    'credits each of them once, to members since the date that the file has',
    async () => {
      const programId = await programWithPoints('balances');
      const content =
        'user_id,points,expiry_date,member_since\nann,1200,2099-12-31,2019-05-01\nann,30,,2019-05-01\nbob,50,,\n';
      const path = await file('balances.csv', content);
      const strangers = await importBalances(programId, path);
      expect(strangers.exitCode).toBe(1);
      expect(outcome(strangers)).toEqual({ posted: 0, known: 0, rejected: 3 });

      const first = await importBalances(programId, path, '--join');
      expect(first).toMatchObject({ exitCode: 0 });
      expect(first.stdout).toBe(
        'posted        3  1,280 points\nknown before  0\nrejected      0\n',
      );
      expect(await member(programId, 'ann')).toMatchObject({
        joinTime: '2019-05-01T00:00:00Z',
        balance: {
          available: 1_230,
          lifetimeEarned: 0,
          nextExpiry: { points: 1_200, time: '2100-01-01T00:00:00Z' },
        },
      });

      expect(outcome(await importBalances(programId, path, '--join'))).toEqual({
        posted: 0,
        known: 3,
        rejected: 0,
      });
      expect(await member(programId, 'ann')).toMatchObject({ balance: { available: 1_230 } });
    },
    patience(60_000),
  );

  test(
    'refuses other points for the same user and dates',
    async () => {
      const programId = await programWithPoints('other-balances');
      const first = await file('first.csv', 'user_id,points,member_since\nann,100,2019-05-01\n');
      await importBalances(programId, first, '--join');
      const second = await file(
        'second.csv',
        'user_id,points,member_since\nann,150,2019-05-01\nbob,1,\nbob,2,\n',
      );
      const result = await importBalances(programId, second, '--join');
      expect(outcome(result)).toEqual({ posted: 0, known: 0, rejected: 3 });
      expect(result.stdout).toMatch(
        /\nline 2: IDEMPOTENCY_KEY_REUSED: other points were imported /,
      );
      expect(result.stdout).toContain('lines 3 to 4: other lines have other points for the same');
      expect(await member(programId, 'ann')).toMatchObject({ balance: { available: 100 } });
    },
    patience(60_000),
  );

  test(
    'says what is another than in an earlier import',
    async () => {
      const programId = await programWithPoints('zoned-balances');
      const path = await file(
        'zoned.csv',
        'user_id,points,expiry_date\nann,100,2099-12-31\nbob,1,\n',
      );
      await importBalances(programId, path, '--join', '--time-zone', 'Europe/Paris');
      const imported = /imported for this user and these dates with another/;
      for (const [flags, rejected, cause] of [
        [['--time-zone', 'Asia/Tokyo'], 1, /^line 2: .* time zone: .* --time-zone as before$/m],
        [['--reason', 'a gift'], 2, /^lines 2 to 3: .* reason: .* --reason as before$/m],
        [['--note', 'Welcome'], 2, /^lines 2 to 3: .* note: .* --note as before$/m],
        [
          ['--note', 'Welcome', '--reason', 'a gift'],
          2,
          /^lines 2 to 3: .* reason and note: .* --reason and --note as before$/m,
        ],
      ] as const) {
        const zone = flags[0] === '--time-zone' ? [] : ['--time-zone', 'Europe/Paris'];
        const result = await importBalances(programId, path, ...zone, ...flags);
        expect(outcome(result)).toEqual({ posted: 0, known: 2 - rejected, rejected });
        expect(result.stdout).toMatch(imported);
        expect(result.stdout).toMatch(cause);
      }
      expect(await member(programId, 'ann')).toMatchObject({ balance: { available: 100 } });
    },
    patience(60_000),
  );
});
