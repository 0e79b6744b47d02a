import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { EarnRequestSchema } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import { ValidationFailed } from '../errors.ts';
import { readJsonMessage } from './json-message.ts';

const page = readFileSync(new URL('../../../docs/json.md', import.meta.url), 'utf8');

/** The rows that have a text: the text, the field and the message. */
const rows = Array.from(
  page.matchAll(/^\| `(?<text>[^`]+)` \|\s*`?(?<field>[^`|]*?)`?\s*\| (?<message>.+) \|$/gm),
  ({ groups = {} }): [text: string, field: string, message: string] => [
    groups['text'] ?? '',
    groups['field'] ?? '',
    groups['message'] ?? '',
  ],
);

/** The members of an amount or a transaction as a whole request. */
function requestOf(text: string, field: string): string {
  if (text.startsWith('{')) return text;
  const transaction = field.startsWith('transaction.amount.') ? `"amount":{${text}}` : text;
  return `{"transaction":{${transaction}}}`;
}

test.each(rows)('docs/json.md: %s is refused', (text, field, message) => {
  const read = () =>
    readJsonMessage(EarnRequestSchema, new TextEncoder().encode(requestOf(text, field)));
  expect(read).toThrow(new ValidationFailed([{ field, message }]));
});

test('docs/json.md has them', () => {
  expect(rows.length).toBe(9);
});
