import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { root } from '../commands.ts';
import { openApiFile } from './document.ts';

const text = await readFile(join(root, openApiFile), 'utf8');

test('the document is valid OpenAPI 3.1 for one validator', async () => {
  const validator = new Validator();
  expect(await validator.validate(JSON.parse(text) as Record<string, unknown>)).toMatchObject({
    valid: true,
  });
  expect(validator.version).toBe('3.1');
});

test('the document is valid for another validator, too', async () => {
  const config = await createConfig({ extends: ['spec'] });
  const problems = await lintFromString({ source: text, absoluteRef: openApiFile, config });
  expect(problems.map(({ message, location }) => [message, location[0]?.pointer])).toEqual([]);
});
