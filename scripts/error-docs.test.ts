import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { root } from './commands.ts';
import { errorDocs } from './error-docs.ts';

let page: string;
beforeAll(async () => {
  page = await errorDocs();
});

test('the page explains every reason, where the type of a problem leads', async () => {
  const contract = await readFile(join(root, 'proto/loyalty/options/v1/errors.proto'), 'utf8');
  const reasons = [...contract.matchAll(/^ {2}(\w+) = [1-9]\d* \[/gm)].map(([, name]) => name);
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toContain('INSUFFICIENT_POINTS');
  expect(headings).toEqual(reasons);
});

test('a section says what happened, what to do, and how it is returned', () => {
  expect(page).toContain(
    [
      '## OUT_OF_STOCK',
      "The reward's stock is used up.",
      '**What to do:** Offer another reward, or raise the stock limit.',
      'gRPC `FAILED_PRECONDITION` · HTTP 409',
      '**Methods:** `Redeem`',
    ].join('\n\n'),
  );
});

test('a reason for which every method can fail says so, instead of naming all', () => {
  const [, section = ''] = page.split('## UNAUTHENTICATED\n');
  expect(section.slice(0, section.indexOf('## '))).toContain('**Methods:** every method');
});

test('every reason is one of some method', () => {
  expect(page).not.toMatch(/\*\*Methods:\*\*\s*$/m);
});

test('every method has reasons of its own, except those that cannot', async () => {
  const sections = page.slice(page.indexOf('\n## '));
  const methods: string[] = [];
  for await (const file of glob('proto/loyalty/*/v1/*_service.proto', { cwd: root })) {
    const contract = await readFile(join(root, file), 'utf8');
    methods.push(...[...contract.matchAll(/^ {2}rpc (\w+)\(/gm)].map(([, name = '']) => name));
  }
  const without = methods.filter((name) => !sections.includes(`\`${name}\``));
  expect(without.sort()).toEqual([
    // Their outcomes have reasons instead.
    'BatchAdjust',
    'BatchEarn',
    // Lists of what the caller may see, across programs.
    'ListDeadLetters',
    'ListMemberships',
    'ListProgramRevisions',
    'ListPrograms',
    // Knows no programs, only their webhooks.
    'ListWebhooks',
    // Looks at nothing but the request.
    'SubmitEarn',
  ]);
});
