import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createRouteTable } from './route-table.ts';
import { readRoutes } from './routes-from-descriptors.ts';
import { upstreamsOf } from './wiring.ts';

/** The operations of the reference, whose changes `check -- openapi` looks at: name, method, path, and status of success. */
function publishedRoutes(): string[] {
  const { paths } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../openapi.json'), 'utf8'),
  ) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId, responses }]) => {
      // A repeated request may have 200 instead.
      const status = Object.keys(responses).findLast((code) => code.startsWith('2'));
      return [operationId, method.toUpperCase(), path, status].join(' ');
    }),
  );
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

const camelCase = (text: string) =>
  text.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

test('the routes are those that the reference has', () => {
  const targets = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
  const routes = readRoutes(targets.flatMap(({ services }) => services));
  const served = routes.map(({ method, httpMethod, path, status }) =>
    [method.localName, httpMethod, camelCase(path), status].join(' '),
  );
  expect(served.length).toBeGreaterThan(60);
  expect(served.toSorted()).toEqual(publishedRoutes().toSorted());
  expect(() => createRouteTable(routes)).not.toThrow();
});

test('what has to come in a header is not asked for elsewhere', () => {
  const targets = upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' });
  const bound = readRoutes(targets.flatMap(({ services }) => services)).flatMap((route) =>
    route.headerFields.map(({ header }) => `${route.method.name} ${header}`),
  );
  expect(bound).toEqual([
    'UpdateProgram If-Match',
    'UpdateRuleSet If-Match',
    'UpdateReward If-Match',
    'UpdateMembership If-Match',
    'AdjustBalance Idempotency-Key',
    'Redeem Idempotency-Key',
    'ReverseRedemption Idempotency-Key',
    'UpdateWebhook If-Match',
  ]);
});

test('without the webhooks service its routes do not exist', () => {
  const targets = upstreamsOf({
    programsAddress: '',
    ledgerAddress: '',
    webhooksAddress: undefined,
  });
  const routes = readRoutes(targets.flatMap(({ services }) => services));
  expect(routes.filter(({ path }) => path.includes('webhooks'))).toEqual([]);
});
