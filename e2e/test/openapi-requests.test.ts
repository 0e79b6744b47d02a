// What the document says is what the gateway does: requests that are generated from it find nothing that it doesn't say.

import { beforeAll, describe, expect, test } from '@jest/globals';
import { fc } from '@loyalty/local/property.ts';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { invalidExamples, operations, undocumented } from '../src/openapi/document.ts';
import {
  faultyRequestsOf,
  type PlannedRequest,
  type RequestOptions,
  requestsOf,
  send,
} from '../src/openapi/requests.ts';
import { createSite, knownValues, type Site } from '../src/openapi/site.ts';

const requestsInAll = 1_000;
const seed = 14;

let platform: Platform;
let site: Site;

beforeAll(async () => {
  platform = await sharedPlatform();
  site = await createSite(platform);
}, patience(90_000));

/** One request of each operation that should succeed, then all kinds of all operations. */
function plannedRequests(): PlannedRequest[] {
  const options: RequestOptions = { ...site, known: knownValues, optional: 0 };
  const successes = operations.flatMap((operation) => {
    const ids = site.prepared.get(operation.operationId);
    const contexts = ids === undefined ? site.contexts : [ids];
    return fc.sample(requestsOf(operation, { ...options, contexts }), { seed, numRuns: 1 });
  });
  const ofAny = fc
    .constantFrom(...operations)
    .chain((operation) =>
      fc.oneof(
        { weight: 3, arbitrary: requestsOf(operation, options) },
        { weight: 3, arbitrary: requestsOf(operation, { ...options, optional: 0.2 }) },
        { weight: 4, arbitrary: faultyRequestsOf(operation, { ...options, optional: 0.1 }) },
      ),
    );
  return [...successes, ...fc.sample(ofAny, { seed, numRuns: requestsInAll - successes.length })];
}

test('every example is valid', () => {
  expect(invalidExamples()).toEqual([]);
});

describe('requests that are generated from the document', () => {
  test(
    'find no status and no body that it lacks, and each operation succeeds at least once',
    async () => {
      const counts = new Map<string, Map<number, number>>();
      const findings: string[] = [];
      for (const request of plannedRequests()) {
        const { operation, method, path, body } = request;
        const response = await send(platform.env['LOYALTY_URL'] ?? '', request);
        const ofOperation = counts.get(operation.operationId) ?? new Map<number, number>();
        counts.set(operation.operationId, ofOperation);
        ofOperation.set(response.status, (ofOperation.get(response.status) ?? 0) + 1);
        const lack = response.status >= 500 ? 'a failure' : undocumented(operation, response);
        if (lack === undefined) continue;
        findings.push(
          `${operation.operationId} has ${lack}:\n  ${method} ${path} ${body?.slice(0, 500)}\n  ${response.status} ${response.body.slice(0, 1_000)}`,
        );
      }
      const table = [...counts].map(
        ([name, statuses]) =>
          `${name.padEnd(24)} ${[...statuses]
            .sort(([a], [b]) => a - b)
            .map(([status, count]) => `${status} × ${count}`)
            .join(', ')}`,
      );
      const failed = operations
        .map(({ operationId }) => operationId)
        .filter((name) => ![...(counts.get(name)?.keys() ?? [])].some((status) => status < 300));
      const report = [...findings, '', 'Responses:', ...table].join('\n');
      expect({ findings: findings.length, failed, report }).toEqual({
        findings: 0,
        failed: [],
        report,
      });
    },
    patience(120_000),
  );
});
