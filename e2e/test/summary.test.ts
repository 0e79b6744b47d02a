// The request of docs/ledger.md that says what a program owes, at the gateway.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProgram, http } from '../src/http.ts';
import { tokenFor } from '../src/tokens.ts';

const page = readFileSync(join(root, 'docs/ledger.md'), 'utf8');
const programId = 'december';

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
  // A point for each US dollar. Points don't expire unless an adjustment says when.
  const per = { currencyCode: 'USD', minorUnits: 100 };
  await createProgram(platform, { programId, rate: { points: 1, per } });
}, patience(60_000));

const admin = (path: string, request: { body?: object; headers?: Record<string, string> } = {}) =>
  http(platform, {
    token: platform.env['LOYALTY_ADMIN_TOKEN'] ?? '',
    path: `programs/${programId}${path}`,
    ...request,
  });
const backend = (path: string, body: object) =>
  http(platform, {
    token: platform.env['LOYALTY_SERVICE_TOKEN'] ?? '',
    path: `programs/${programId}${path}`,
    body,
  });

async function credit(points: number, expireTime: string): Promise<void> {
  const response = await admin('/members/ann:adjust', {
    body: { points, reason: 'welcome', expireTime },
    headers: { 'Idempotency-Key': `until ${expireTime}` },
  });
  expect(response.status).toBe(201);
}

/** The command of the page, for the program of this test. */
async function pasteCommand(): Promise<Record<string, unknown>> {
  const section = page.slice(page.indexOf('## What a program owes'));
  const [, command = ''] = /^```sh\n(.*?)^```/ms.exec(section) ?? [];
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-e', '-c', command.replace('wine-dine', programId)],
    { cwd: platform.directory },
  );
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('one request says what a program owes today, and what expires in December', async () => {
  const year =
    new Date().getUTCMonth() < 11 ? new Date().getUTCFullYear() : new Date().getUTCFullYear() + 1;
  await backend('/members', { userId: 'ann' });
  await backend('/earns', {
    userId: 'ann',
    transaction: {
      transactionId: 'december-1',
      occurTime: new Date().toISOString(),
      amount: { currencyCode: 'USD', minorUnits: 25_000 },
    },
  });
  await credit(30, `${year}-12-15T12:00:00Z`);
  await credit(5, `${year}-12-31T23:59:59Z`);
  // This one lives until the end of December 31, which is when January begins.
  await credit(7, `${year + 1}-01-01T00:00:00Z`);
  await credit(9, `${year + 1}-01-01T00:00:00.001Z`);
  const summary = await pasteCommand();
  expect(summary).toMatchObject({
    programId,
    available: 301,
    pending: 0,
    reserved: 0,
    deficit: 0,
    expiringLater: 0,
    neverExpiring: 250,
    members: { active: 1, suspended: 0, left: 0 },
    period: { issued: 250, spent: 0, returned: 0, expired: 0, refunded: 0, adjusted: 51 },
    stocks: [],
  });
  const expiring = summary['expiring'] as { month: string; points: number }[];
  expect(expiring).toHaveLength(24);
  expect(expiring).toContainEqual({ month: `${year}-12`, points: 42 });
  expect(expiring).toContainEqual({ month: `${year + 1}-01`, points: 9 });

  // Within a minute it is the same, and a client that has it is told so.
  await credit(1, `${year + 1}-01-02T00:00:00Z`);
  expect(await pasteCommand()).toEqual(summary);
  const { etag } = await admin('/summary');
  const again = await admin('/summary', { headers: { 'if-none-match': etag ?? '' } });
  expect(again).toMatchObject({ status: 304, etag, body: {} });
  // Another period is another question.
  const past = await admin('/summary?startTime=2020-01-01T00:00:00Z&endTime=2021-01-01T00:00:00Z');
  expect(past.body).toMatchObject({ available: 302, period: { issued: 0, adjusted: 0 } });
});

test('only admins may ask, and only for their own programs', async () => {
  const path = `programs/${programId}/summary`;
  const asked = async (token: string) => (await http(platform, { token, path })).status;
  expect(await asked(platform.env['LOYALTY_SERVICE_TOKEN'] ?? '')).toBe(403);
  expect(await asked(await tokenFor(platform, 'member', 'ann'))).toBe(403);
  const unknown = await admin('-unknown/summary');
  expect([unknown.status, unknown.body['reason']]).toEqual([404, 'PROGRAM_NOT_FOUND']);
});
