// gateway/examples.json: the examples of the gateway's reference are real responses. `npm run examples` records them anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createPlatformHome,
  type PlatformHome,
  type RunningPlatform,
  startPlatform,
} from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { normalized } from '../src/example-normalization.ts';
import type { Examples } from '../src/example-recorder.ts';
import { recordExamples } from '../src/example-scenario.ts';
import { gatewayOperations } from '../src/gateway-operations.ts';

const file = join(root, 'gateway/examples.json');

let home: PlatformHome;
let platform: RunningPlatform;
let recorded: Examples;

beforeAll(async () => {
  home = await createPlatformHome();
  platform = await startPlatform(home);
  const startMs = Date.now();
  recorded = normalized(await recordExamples(platform, { startMs }), { startMs });
  if (process.env['LOYALTY_WRITE_EXAMPLES'] !== undefined) {
    writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`);
  }
}, patience(120_000));

afterAll(async () => {
  await platform.stop();
  await home.remove();
}, patience(30_000));

test('every operation of the gateway has an example of a success and one of a refusal', () => {
  expect(Object.keys(recorded)).toEqual(gatewayOperations.map(({ operationId }) => operationId));
  const lacking = Object.entries(recorded).filter(([, { responses }]) => {
    const statuses = Object.keys(responses).map(Number);
    return !statuses.some((status) => status < 300) || !statuses.some((status) => status >= 400);
  });
  // It refuses nothing that others don't.
  expect(lacking.map(([operationId]) => operationId)).toEqual(['listPrograms']);
});

test('gateway/examples.json has what the platform responds; if not, run: npm run examples', () => {
  const committed = JSON.parse(readFileSync(file, 'utf8')) as Examples;
  expect(withoutTimes(recorded)).toEqual(withoutTimes(committed));
});

test('what a refusal says begins with a capital letter or a number, whichever service it comes from', () => {
  const problems = Object.values(recorded)
    .flatMap(({ responses }) => Object.values(responses) as { reason?: string; detail?: string }[])
    // Those of VALIDATION_FAILED begin with the path of a field.
    .filter(({ reason = 'VALIDATION_FAILED' }) => reason !== 'VALIDATION_FAILED');
  expect(problems.length).toBeGreaterThan(50);
  expect(problems.filter(({ detail = '' }) => !/^[A-Z\d]/.test(detail))).toEqual([]);
});

/** Days and steps of five minutes may pass while a slow machine records. */
function withoutTimes(examples: Examples): unknown {
  const time = /"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g;
  return JSON.parse(JSON.stringify(examples).replaceAll(time, '"(a time)"'));
}
