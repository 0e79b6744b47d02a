import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { beforeAll, expect, test } from '@jest/globals';
import { dataSchemas } from '../services/webhooks/src/events/data-schemas.ts';
import { root } from './commands.ts';
import { contractRegistry } from './contract-registry.ts';
import { type EventExample, eventDocs, eventExamples } from './event-docs.ts';
import { eventTypes } from './event-types.ts';

let page: string;
let examples: Readonly<Record<string, EventExample>>;
beforeAll(async () => {
  page = await eventDocs();
  examples = await eventExamples();
});

test('the page has a section for every type of event, and an example for each', () => {
  const types = eventTypes.map(({ type }) => type);
  const headings = [...page.matchAll(/^### ([a-z]+\.[a-z]+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(types);
  expect(Object.keys(examples).toSorted()).toEqual(types.toSorted());
});

test('an example is an event of its type, with data that the contract knows', async () => {
  const registry = await contractRegistry();
  for (const { type, data } of eventTypes) {
    const { subject, headers, data: json } = examples[type] as EventExample;
    expect(subject).toMatch(new RegExp(`^loyalty\\.events\\.v1\\.[a-z-]+\\.${type}$`));
    expect(headers).toMatchObject({
      'ce-type': `loyalty.${type}`,
      'content-type': 'application/protobuf',
    });
    expect(headers['ce-id']?.startsWith(`${headers['ce-subject']}-`)).toBe(true);
    const message = registry.getMessage(`loyalty.events.v1.${data}`);
    if (message === undefined) throw new Error(`the contracts have no message ${data}`);
    // Unknown fields are refused.
    fromJson(message, json as JsonValue, { registry });
  }
});

test('the page has every type that the ledger announces for an entry', async () => {
  const documented = eventTypes.map(({ type }) => type);
  const source = await readFile(
    join(root, 'services/ledger/src/messages/event-message.ts'),
    'utf8',
  );
  const announced = [...source.matchAll(/'((?:membership|points|redemption)\.[a-z]+)'/g)];
  expect(announced.length).toBeGreaterThan(0);
  expect(documented).toEqual(expect.arrayContaining(announced.map(([, type]) => type)));
});

test('webhooks deliver every event of the page, and no others', () => {
  const delivered = [...dataSchemas].map(([type, { name }]) => `${type}: ${name}`);
  const rows = [...page.matchAll(/^\| \[`([a-z.]+)`\]\(#[a-z]+\) \| \[([A-Za-z]+)\]/gm)];
  const documented = rows.map(([, type, data]) => `${type}: ${data}`);
  expect(delivered.toSorted()).toEqual(documented.toSorted());
});

test('links lead to headings of the page', () => {
  const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  expect(links.filter((anchor) => !anchors.includes(anchor ?? ''))).toEqual([]);
  expect(anchors.toSorted()).toEqual([...new Set(anchors)].toSorted());
});
