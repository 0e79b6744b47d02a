// The reference in a browser, as someone meets it who has only the gateway's address and a token.
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import type { Browser, Page } from 'playwright-core';
import { chromium, launchBrowser } from '../src/browser.ts';

const inBrowser = chromium === undefined ? describe.skip : describe;
const missing = chromium === undefined ? ' (skipped: Chromium is not installed)' : '';

let platform: Platform;
let browser: Browser;
let url = '';
/** What went wrong in the pages of a test, and what they asked of other hosts. */
const complaints: string[] = [];

async function openPage(path: string, options: { width?: number } = {}): Promise<Page> {
  const { width = 1280 } = options;
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  context.setDefaultTimeout(patience(15_000));
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) {
      complaints.push(`asked for ${request.url()}`);
    }
  });
  await page.goto(`${url}${path}`);
  return page;
}

inBrowser(`the reference in a browser${missing}`, () => {
  beforeAll(async () => {
    platform = await sharedPlatform();
    url = platform.env['LOYALTY_URL'] ?? '';
    browser = await launchBrowser(chromium ?? '');
  }, patience(60_000));

  afterAll(async () => {
    await browser?.close();
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const found = complaints.splice(0);
    if (found.length > 0) throw new Error(found.join('\n'));
  });

  test(
    'shows every operation, and finds one by a part of its path',
    async () => {
      const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
        paths: Record<string, Record<string, { operationId?: string }>>;
      };
      const operations = Object.values(paths).flatMap((path) =>
        Object.values(path).flatMap(({ operationId }) => operationId ?? []),
      );
      expect(operations.length).toBeGreaterThan(50);
      const page = await openPage('/');
      await page.waitForSelector('.opblock');
      expect(new URL(page.url()).pathname).toBe('/docs');
      expect(await page.title()).toBe('Loyalty API');
      expect(await page.locator('.opblock').count()).toBe(operations.length);
      await page.getByPlaceholder('Filter by path, name or tag').fill('reward-quotes');
      await page.locator('.opblock').nth(1).waitFor({ state: 'detached' });
      expect(await page.locator('.opblock').getAttribute('id')).toContain('listRewardQuotes');
    },
    patience(60_000),
  );

  test(
    'sends a request with a token, and shows the response',
    async () => {
      const page = await openPage('/docs#/ProgramService/getProgram');
      await page.locator('.btn.authorize').click();
      await page.locator('.auth-container input').fill(platform.env['LOYALTY_MEMBER_TOKEN'] ?? '');
      await page.locator('.auth-container input').press('Enter');
      await page.locator('.btn-done').click();
      // The link has opened the operation.
      const operation = page.locator('#operations-ProgramService-getProgram');
      await operation.locator('.try-out__btn').click();
      await operation.locator('tr[data-param-in="path"] input').fill('wine-dine');
      await operation.locator('.execute').click();
      const response = operation.locator('.live-responses-table .response').first();
      expect(await response.locator('.response-col_status').textContent()).toContain('200');
      expect(await response.textContent()).toContain('Wine & Dine');
      // Who reads the page next must not act with the token.
      expect(
        await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]'),
      ).toEqual([0, 0, '']);
    },
    patience(60_000),
  );

  test(
    'opens the section of an error at its link, and the operations that can fail with it',
    async () => {
      const response = await fetch(`${url}/v1/programs/no-such-program`, {
        headers: { authorization: `Bearer ${platform.env['LOYALTY_SERVICE_TOKEN']}` },
      });
      const { type } = (await response.json()) as { type: string };
      for (const link of [type, '/docs/errors#PROGRAM_NOT_FOUND']) {
        const page = await openPage(link);
        const section = page.locator('#program_not_found');
        const top = await section.evaluate((element) => element.getBoundingClientRect().top);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(top).toBeLessThan(150);
      }
      const page = await openPage(type);
      await page.locator('#program_not_found a[href="/docs#/RedemptionService/redeem"]').click();
      const operation = page.locator('#operations-RedemptionService-redeem.is-open');
      await operation.locator('.opblock-body').waitFor();
      const heading = operation.locator('.opblock-summary-path');
      await page.waitForFunction(
        "document.querySelector('.is-open .opblock-summary')?.getBoundingClientRect().top < 150",
      );
      const isCovered = await heading.evaluate((element) => {
        const { x, y } = element.getBoundingClientRect();
        return !element.contains(element.ownerDocument.elementFromPoint(x + 2, y + 2));
      });
      expect(isCovered).toBe(false);
      expect(await operation.textContent()).not.toContain('never');
    },
    patience(60_000),
  );

  test(
    'fits a narrow screen, where its services are closed at first',
    async () => {
      const page = await openPage('/docs', { width: 390 });
      await page.waitForSelector('.opblock-tag');
      expect(await page.locator('.opblock').count()).toBe(0);
      await page.locator('.opblock-tag').first().click();
      await page.locator('.opblock-summary-control').first().click();
      await page.waitForSelector('.opblock-body');
      const wide = 'document.documentElement.scrollWidth - innerWidth';
      expect(await page.evaluate(wide)).toBe(0);
      expect(await (await openPage('/docs/errors', { width: 390 })).evaluate(wide)).toBe(0);
    },
    patience(60_000),
  );
});
