// docs/loyalty.postman_collection.json: what its requests send is what the gateway takes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { gatewayOperations } from '../src/gateway-operations.ts';
import { createProgram } from '../src/http.ts';

interface Item {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly auth: { readonly bearer: readonly { readonly value: string }[] };
    readonly header: readonly { key: string; value: string; disabled?: boolean }[];
    readonly url: { readonly raw: string };
    readonly body?: { readonly raw: string };
  };
}

const collection = JSON.parse(
  readFileSync(join(root, 'docs/loyalty.postman_collection.json'), 'utf8'),
) as {
  readonly item: readonly { readonly item: readonly Item[] }[];
  readonly variable: readonly { key: string; value: string }[];
};
const items = collection.item.flatMap((folder) => folder.item);

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

test('the collection has every operation', () => {
  expect(items.length).toBe(gatewayOperations.length);
});

test(
  'every request reaches its operation, and nothing in it is refused as invalid',
  async () => {
    const { env } = platform;
    // One of its own: the collection archives it.
    const programId = 'collection';
    const per = { currencyCode: 'USD', minorUnits: 10_000 };
    await createProgram(platform, { programId, rate: { points: 5, per } });
    const variables = new Map([
      ...collection.variable.map(({ key, value }): [string, string] => [key, value]),
      ['baseUrl', env['LOYALTY_URL'] ?? ''],
      ['memberToken', env['LOYALTY_MEMBER_TOKEN'] ?? ''],
      ['serviceToken', env['LOYALTY_SERVICE_TOKEN'] ?? ''],
      ['adminToken', env['LOYALTY_ADMIN_TOKEN'] ?? ''],
      ['programId', programId],
    ]);
    const filledIn = (text: string) =>
      text.replaceAll(/\{\{(\$?\w+)\}\}/g, (_, name: string) =>
        name === '$guid' ? crypto.randomUUID() : (variables.get(name) ?? `no ${name}`),
      );
    const refused: unknown[] = [];
    for (const { name, request } of items) {
      const { method, url, header, auth, body } = request;
      const headers = header.flatMap(({ key, value, disabled = false }): [string, string][] =>
        disabled ? [] : [[key, filledIn(value)]],
      );
      const token = filledIn(auth.bearer[0]?.value ?? '');
      const response = await fetch(filledIn(url.raw), {
        method,
        headers: [...headers, ['Authorization', `Bearer ${token}`]],
        ...(body === undefined ? {} : { body: filledIn(body.raw) }),
      });
      const { reason, violations } = (await response.json()) as Record<string, unknown>;
      const isServed = response.status < 300 || [404, 409, 412].includes(response.status);
      if (!isServed || reason === 'ROUTE_NOT_FOUND') {
        refused.push({ name, status: response.status, reason, violations });
      }
    }
    expect(refused).toEqual([]);
  },
  patience(60_000),
);
