import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { root } from './commands.ts';
import { errorDocs } from './error-docs.ts';

test('the page explains every reason, where the type of a problem leads', async () => {
  const contract = await readFile(join(root, 'proto/loyalty/options/v1/errors.proto'), 'utf8');
  const reasons = [...contract.matchAll(/^ {2}(\w+) = [1-9]\d* \[/gm)].map(([, name]) => name);
  const page = await errorDocs();
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toContain('INSUFFICIENT_POINTS');
  expect(headings).toEqual(reasons);
});

test('a section says what happened, what to do, and how it is answered', async () => {
  expect(await errorDocs()).toContain(
    [
      '## OUT_OF_STOCK',
      "The reward's stock is used up.",
      '**What to do:** Offer another reward, or raise the stock limit.',
      'gRPC `FAILED_PRECONDITION` · HTTP 409',
    ].join('\n\n'),
  );
});
