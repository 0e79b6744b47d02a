// The instructions of docs/rules.md for operators, carried out at the gateway.

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { http as call } from '../src/http.ts';

let platform: Platform;

beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

const cookbook = readFileSync(join(root, 'docs/rules.md'), 'utf8');
const admin = () => platform.env['LOYALTY_ADMIN_TOKEN'] ?? '';
const post = (path: string, body: object) =>
  call(platform, { token: admin(), path: `programs${path}`, body });

/** The page's commands, one after the other in one shell, and the JSON that each of them printed. */
async function pasteCommands(): Promise<Record<string, unknown>[]> {
  const blocks = [...cookbook.matchAll(/^```sh\n(.*?)^```/gms)].map(([, lines = '']) => lines);
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', blocks.join('\n')], {
    // Where `. .local/env` finds the settings of this platform.
    cwd: platform.directory,
  });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('the commands of the page do what it says when they are pasted', async () => {
  const [program, draft, preview, changed, published, activated, ...later] = await pasteCommands();
  expect(program).toMatchObject({ programId: 'book-club', state: 'DRAFT' });
  expect(draft).toMatchObject({ version: 1, state: 'DRAFT', rounding: 'FLOOR' });
  expect(preview).toMatchObject({
    points: 20,
    ruleSetVersion: 1,
    explanation: [
      { ruleId: 'base', points: '10', note: '2 × 100.00 EUR' },
      { ruleId: 'saturday', points: '10', note: '× 2 on 10' },
    ],
    availableTime: '2026-03-21T12:00:00Z',
  });
  expect(changed).toMatchObject({ version: 1, state: 'DRAFT', rounding: 'HALF_UP' });
  expect(published).toMatchObject({ version: 1, state: 'ACTIVE', timeZone: 'Europe/Paris' });
  expect(activated).toMatchObject({ state: 'ACTIVE', activeRuleSetVersion: 1 });

  const [second, scheduled, future, withdrawn, copy, changes, mistake, ...rewards] = later;
  expect(second).toMatchObject({ version: 2, state: 'DRAFT' });
  expect(scheduled).toMatchObject({ state: 'SCHEDULED', effectiveTime: '2030-12-31T23:00:00Z' });
  expect(future).toMatchObject({ points: 12, ruleSetVersion: 2 });
  expect(withdrawn).toMatchObject({ version: 2, state: 'WITHDRAWN' });
  expect(copy).toMatchObject({ version: 3, state: 'DRAFT', rounding: 'HALF_UP' });
  expect(changes).toMatchObject({
    changes: [
      { verb: 'COPY_RULE_SET', ruleSetVersion: 3, copiedFromVersion: 1 },
      { verb: 'WITHDRAW_RULE_SET', ruleSetVersion: 2, actor: 'admin:local-admin' },
      { verb: 'PUBLISH_RULE_SET', ruleSetVersion: 2 },
      { verb: 'CREATE_RULE_SET', ruleSetVersion: 2 },
      { verb: 'ACTIVATE_PROGRAM', fields: [{ before: '"DRAFT"', after: '"ACTIVE"' }] },
      { verb: 'PUBLISH_RULE_SET', ruleSetVersion: 1 },
      { verb: 'UPDATE_RULE_SET', fields: [{ before: '"FLOOR"', after: '"HALF_UP"' }] },
      { verb: 'CREATE_RULE_SET', ruleSetVersion: 1 },
      { verb: 'CREATE_PROGRAM' },
    ],
    nextPageToken: '',
  });
  expect(mistake).toMatchObject({ status: 400, reason: 'VALIDATION_FAILED' });
  expect(cookbook).toContain(`\n${String(mistake?.['detail'])}\n`);
  expect(rewards).toMatchObject([
    { rewardId: 'glass', state: 'ACTIVE', fixed: { points: 10 }, stock: { limit: 100 } },
    { rewardId: 'voucher', conversion: { points: 100, stepPoints: 100 } },
    { rewardId: 'glass', imageUri: 'https://images.example/glass.png', metadata: { erp: 'A-17' } },
    { rewardId: 'glass', fixed: { points: 12 }, memberLimit: { count: 2, period: 'DAY' } },
  ]);
});

interface Recipe {
  timeZone?: string;
  ruleSet: object;
  purchases: {
    transaction: { transactionId: string; occurTime: string };
    member?: object;
    used?: object;
    points: number;
    explanation?: string[];
    availableTime?: string;
    expireTime?: string;
  }[];
}

const recipes = Array.from(
  cookbook.matchAll(/^### ([^\n]+)\n(?:(?!#)[^\n]*\n)*?```json\n(.*?)^```/gms),
  ([, title = '', json = '']) => ({ title, recipe: JSON.parse(json) as Recipe }),
);

/** When points that live as long as the member comes back would expire if the member never did; a preview returns it. */
const ifNeverBack = '2027-09-21T00:00:00Z';

describe('a recipe can be posted as it is, and previewed:', () => {
  test.each(recipes)('$title', async ({ recipe: { timeZone = 'UTC', ruleSet, purchases } }) => {
    const programId = `cook-${randomUUID().slice(0, 18)}`;
    await post('', { programId, displayName: 'Cook', timeZone });
    const draft = await post(`/${programId}/rule-sets`, ruleSet);
    expect(draft).toMatchObject({ status: 201, body: { version: 1, state: 'DRAFT' } });

    // A preview takes caps as unused.
    for (const purchase of purchases.filter(({ used }) => used === undefined)) {
      const { transaction, member = {}, points, explanation, expireTime } = purchase;
      const { occurTime } = transaction;
      const aged = { joinTime: '2025-01-01T00:00:00Z', ...member };
      const request = { version: 1, transaction, member: aged, at: occurTime };
      const { status, body } = await post(`/${programId}:previewEarn`, request);
      expect({ status, points: body['points'] }).toEqual({ status: 200, points });
      const lines = (body['explanation'] as Record<string, string>[]).map(
        (line) => `${titleOf(line)}: ${line['points']} (${line['note']})`,
      );
      expect(lines).toEqual(explanation ?? lines);
      const times = { available: body['availableTime'], expires: body['expireTime'] };
      expect(times).toEqual({
        available: withoutFraction(purchase.availableTime ?? occurTime),
        expires: expireTime === 'INACTIVITY' ? ifNeverBack : withoutFraction(expireTime),
      });
    }
  });
});

describe('what could hurt is refused, with its place and its limit:', () => {
  const rule = (changes: object = {}) => ({ ruleId: 'base', fixed: { points: 1 }, ...changes });
  const many = (count: number, changes: (index: number) => object) =>
    Array.from({ length: count }, (_, index) => rule({ ruleId: `r${index}`, ...changes(index) }));
  const twice = "transaction.items.all(i, i.categories.all(c, c != 'beer'))";

  test.each<[string, object[], string]>([
    ['too many rules', many(101, () => ({})), 'earnRules: must have at most 100 items'],
    [
      'a long condition',
      [rule({ condition: `true${' && true'.repeat(300)}` })],
      'earnRules[0].condition: must be at most 2000 bytes',
    ],
    [
      'a mistake on the second line',
      [rule(), rule({ ruleId: 'gold', condition: 'member.lifetime_earned > 5\n&& now > 3' })],
      "earnRules[1].condition: line 2, column 8: > can't be applied to timestamp, int",
    ],
    [
      'an unfinished condition',
      [rule({ condition: 'member.lifetime_earned >' })],
      'earnRules[0].condition: line 1, column 24: syntax error',
    ],
    [
      'a loop over items within another',
      [rule({ condition: 'transaction.items.all(i, transaction.items.all(j, i.sku < j.sku))' })],
      'steps, more than 50000; nest fewer loops',
    ],
    [
      'conditions that together take long',
      many(20, () => ({ condition: twice })),
      'steps together, more than 100000; use fewer loops',
    ],
    [
      'much in all',
      many(10, () => ({ match: { skus: many(200, () => ({})).map((_, n) => `${n}`.padEnd(99)) } })),
      'bytes, more than 131072',
    ],
  ])('%s', async (_, earnRules, detail) => {
    const programId = `limit-${randomUUID().slice(0, 18)}`;
    await post('', { programId, displayName: 'Limits' });
    const response = await post(`/${programId}/rule-sets`, { earnRules });
    expect(response).toMatchObject({ status: 400, body: { reason: 'VALIDATION_FAILED' } });
    expect(response.body['detail']).toContain(detail);
    const list = await call(platform, { token: admin(), path: `programs/${programId}/rule-sets` });
    expect(list.body['ruleSets']).toEqual([]);
  });

  const amount = { currencyCode: 'USD', minorUnits: 1 };
  const attributes = (count: number, length: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`key-${n}`, 'x'.repeat(length)]));
  test.each<[string, object, string]>([
    [
      'too many items',
      { items: Array.from({ length: 201 }, (_, n) => ({ itemId: `${n}`, quantity: 1, amount })) },
      'transaction.items: must have at most 200 items',
    ],
    [
      'too many attributes',
      { attributes: attributes(51, 1) },
      'transaction.attributes: must have at most 50 keys',
    ],
    [
      'a long attribute',
      { attributes: attributes(1, 513) },
      'transaction.attributes["key-0"]: must be at most 512 bytes',
    ],
  ])('a transaction with %s', async (_, changes, detail) => {
    const transaction = {
      transactionId: 'order-1',
      occurTime: '2026-03-21T16:00:00Z',
      amount,
      ...changes,
    };
    for (const path of ['/wine-dine:previewEarn', '/wine-dine/earns']) {
      const token = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
      const user = path.endsWith('earns') ? { userId: 'alice' } : {};
      const body = { ...user, transaction };
      const response = await call(platform, { token, path: `programs${path}`, body });
      expect(response).toMatchObject({
        status: 400,
        body: { reason: 'VALIDATION_FAILED', detail },
      });
    }
  });
});

function withoutFraction(time: string | undefined): string | undefined {
  return time?.replace('.000Z', 'Z');
}

/** The rule of a line, and its kind where it is more than what the rule gives. */
function titleOf(line: Record<string, unknown>): string {
  return [line['kind'] === 'RULE' ? '' : line['kind'], line['ruleId']].filter(Boolean).join(' ');
}
