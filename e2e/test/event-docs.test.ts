// docs/events.md: its examples are real events, and its program finds all balances from events alone. `npm run examples`
// records the events anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { createTestNatsWithAccounts } from '@loyalty/local/test-environment.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import { readStream, type StoredMessage } from '@loyalty/platform/messaging/read-stream.ts';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { PointsNoticeSchema } from '@loyalty/proto/loyalty/events/v1/points_notice_pb.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import { SubmissionFailedSchema } from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { createProject, type Project } from '../src/client-project.ts';
import { cafe, playEventStory } from '../src/event-story.ts';
import { normalized } from '../src/example-normalization.ts';
import { http } from '../src/http.ts';
import { until } from '../src/until.ts';

const file = join(root, 'scripts/event-examples.json');

let platform: Platform;
let project: Project;
let startMs: number;

beforeAll(async () => {
  platform = await sharedPlatform();
  project = await createProject();
  startMs = Date.now();
  await playEventStory(platform);
  if (process.env['LOYALTY_WRITE_EXAMPLES'] !== undefined) {
    writeFileSync(file, `${JSON.stringify(await recordedExamples(), undefined, 2)}\n`);
  }
}, patience(240_000));
afterAll(() => project.remove());

interface EventExample {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
}

const headerNames = [
  ...['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-time', 'ce-subject'],
  ...['ce-actor', 'ce-requestid', 'content-type'],
];

/** The types of the events that the story leads to; those of notices take days. */
const typesOfStory = [
  ...['joined', 'updated', 'suspended', 'resumed', 'left'].map((type) => `membership.${type}`),
  ...['earned', 'refunded', 'adjusted', 'matured', 'expired', 'forfeited'].map(
    (type) => `points.${type}`,
  ),
  ...['reserved', 'captured', 'released', 'rejected', 'returned'].map(
    (type) => `redemption.${type}`,
  ),
  ...['program.changed', 'submission.dead', 'submission.waiting'],
].toSorted();

/** The first event of each type. */
async function recordedExamples(): Promise<Record<string, EventExample>> {
  const events = await until(readEvents, ({ size }) => size >= typesOfStory.length, {
    quietMs: 20_000,
  });
  const inOrder = [...events].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return normalized(Object.fromEntries(inOrder), { startMs });
}

async function readEvents(): Promise<Map<string, EventExample>> {
  const logger = { info: () => undefined, warn: () => undefined };
  const nats = connectNats({ url: platform.env['NATS_OPERATOR_URL'] ?? '', name: 'test', logger });
  const examples = new Map<string, EventExample>();
  try {
    await readStream({
      nats,
      stream: 'LOYALTY_EVENTS',
      handle(message) {
        const [, , , programId, ...type] = message.subject.split('.');
        const name = type.join('.');
        if (programId === cafe && !examples.has(name)) examples.set(name, exampleOf(message));
      },
    });
  } finally {
    await nats.close();
  }
  return examples;
}

function exampleOf({ subject, header, data }: StoredMessage): EventExample {
  const headers = headerNames.map((name) => [name, header(name) ?? '']);
  return { subject, headers: Object.fromEntries(headers), data: dataOf(subject, data) };
}

function dataOf(subject: string, data: Uint8Array): unknown {
  if (subject.endsWith('.program.changed')) {
    return toJson(ProgramChangedSchema, fromBinary(ProgramChangedSchema, data));
  }
  if (/\.submission\.\w+$/.test(subject)) {
    return toJson(SubmissionFailedSchema, fromBinary(SubmissionFailedSchema, data));
  }
  if (/\.points\.(?:expiring|maturing)$/.test(subject)) {
    return toJson(PointsNoticeSchema, fromBinary(PointsNoticeSchema, data));
  }
  return toJson(EntryRecordedSchema, fromBinary(EntryRecordedSchema, data));
}

test('the examples are what the platform publishes; if not, run: npm run examples', async () => {
  const recorded = await recordedExamples();
  expect(Object.keys(recorded)).toEqual(typesOfStory);
  const committed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, EventExample>;
  expect(shapeOf(recorded)).toEqual(shapeOf(committed));
});

/** All names in it, and which values stand there, but not those that differ between two runs. */
function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return /\d/.test(value) ? '(a text)' : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

interface Member {
  readonly userId: string;
  readonly balance: Readonly<Record<'available' | 'pending' | 'reserved' | 'deficit', number>>;
}

/** The balances as the example prints them. */
async function balances(): Promise<string[]> {
  const token = platform.env['LOYALTY_SERVICE_TOKEN'] ?? '';
  const { body } = await http(platform, { token, path: `programs/${cafe}/members` });
  const { members } = body as unknown as { members: Member[] };
  const lines: string[] = [];
  for (const { userId } of members) {
    const path = `programs/${cafe}/members/${userId}/balance`;
    const balance = (await http(platform, { token, path })).body as unknown as Member['balance'];
    const { available, pending, reserved, deficit } = balance;
    lines.push(`${cafe}/${userId} ${available} ${pending} ${reserved} ${deficit}`);
  }
  return lines;
}

test(
  'the program of the page finds the balances of all members from the events alone',
  async () => {
    const program = readFileSync(join(root, 'examples/balances-from-events.ts'), 'utf8');
    expect(readFileSync(join(root, 'docs/events.md'), 'utf8')).toContain(program);
    await project.write('balances-from-events.ts', program);
    await project.compile();
    const run = (url: string) =>
      project.run('balances-from-events.ts', {
        node: process.execPath,
        env: { NATS_CONSUMER_URL: url },
      });
    const expected = await balances();
    expect(expected).toHaveLength(4);
    expect(expected.join()).toMatch(/ben 0 0 0 [1-9]/);
    const printed = await until(
      () => run(platform.env['NATS_CONSUMER_URL'] ?? ''),
      (lines) => expected.every((line) => lines.split('\n').includes(line)),
    );
    const ofCafe = printed.split('\n').filter((line) => line.startsWith(`${cafe}/`));
    expect(ofCafe.toSorted()).toEqual(expected.toSorted());
    // Without any event it ends as well.
    const nats = await createTestNatsWithAccounts();
    try {
      expect(await run(nats.urlOf('consumer'))).toBe('');
    } finally {
      await nats.stop();
    }
  },
  patience(120_000),
);
