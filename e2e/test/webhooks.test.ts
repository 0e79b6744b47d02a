// `loyalty webhooks listen` against a running platform, and the code in docs/webhooks.md for receivers.
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { beforeAll, expect, test } from '@jest/globals';
import type { Platform } from '@loyalty/local/running-platform.ts';
import { root } from '@loyalty/local/settings.ts';
import { sharedPlatform } from '@loyalty/local/shared-fixtures.ts';
import { patience } from '@loyalty/local/test-patience.ts';
import { createProgram, http } from '../src/http.ts';
import { loyalty } from '../src/loyalty-command.ts';
import { until } from '../src/until.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await sharedPlatform();
}, patience(60_000));

async function newProgram(): Promise<string> {
  const programId = `hooks-${randomUUID().slice(0, 8)}`;
  const rate = { points: 1, per: { currencyCode: 'USD', minorUnits: 100 } };
  await createProgram(platform, { programId, rate });
  return programId;
}

function as(role: 'ADMIN' | 'SERVICE', path: string, body?: object) {
  const token = platform.env[`LOYALTY_${role}_TOKEN`] ?? '';
  return http(platform, { token, path, ...(body !== undefined && { body }) });
}

/** A `loyalty webhooks listen` that has its webhook. */
async function listen(args: readonly string[]) {
  const child = spawn(
    process.execPath,
    [join(root, 'cli/src/main.ts'), 'webhooks', 'listen', ...args],
    { env: { ...process.env, ...platform.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    printed.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  await until(
    async () => printed.err,
    (text) => text.includes('Listening'),
  );
  return { child, printed, exited };
}

async function webhooksOf(programId: string) {
  return (await as('ADMIN', `programs/${programId}/webhooks`)).body;
}

const none = { webhooks: [], nextPageToken: '' };

test(
  'a developer sees events, and leaves no webhook behind',
  async () => {
    const programId = await newProgram();
    const args = ['--program', programId, '--events', 'membership.joined'];
    const { child, printed, exited } = await listen(args);
    // A web page that finds the port can't have it print something.
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed.err) ?? [];
    const forged = await fetch(url, { method: 'POST', body: '{"type":"forged"}' });
    expect(forged.status).toBe(401);
    await as('SERVICE', `programs/${programId}/members`, { userId: 'alice' });
    await until(
      async () => printed.out,
      (text) => text.includes('"kind": "JOINED"'),
    );
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(printed.out).toMatch(/^\d+-1 loyalty\.membership\.joined\n\{\n/);
    expect(printed.out).not.toContain('forged');
    expect(await webhooksOf(programId)).toEqual(none);
  },
  patience(60_000),
);

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'none is left behind after %s either, which a terminal and a launcher both send',
  async (signal) => {
    const programId = await newProgram();
    const { child, printed, exited } = await listen(['--program', programId]);
    child.kill(signal);
    const again = setInterval(() => child.kill(signal), 2);
    child.stderr.once('data', () => clearInterval(again));
    await exited;
    clearInterval(again);
    expect(printed.err).toContain('The webhook is deleted.');
    expect(await webhooksOf(programId)).toEqual(none);
  },
  patience(60_000),
);

test(
  'none is left behind when nobody reads its output any more',
  async () => {
    const programId = await newProgram();
    const { child, exited } = await listen(['--program', programId]);
    child.stdout.destroy();
    await as('SERVICE', `programs/${programId}/members`, { userId: 'alice' });
    expect(await exited).toBe(0);
    expect(await webhooksOf(programId)).toEqual(none);
  },
  patience(60_000),
);

test('a program that does not exist is refused', async () => {
  const wrong = ['webhooks', 'listen', '--program', 'wine-dime'];
  const { exitCode, stderr } = await loyalty(platform, wrong);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining('wine-dime'),
  });
});

test('a mistake is explained', async () => {
  const programId = await newProgram();
  const wrong = ['webhooks', 'listen', '--program', programId, '--events', 'points.earnt'];
  const { exitCode, stderr } = await loyalty(platform, wrong);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining('points.earnt is no event type'),
  });
});

const page = readFileSync(join(root, 'docs/webhooks.md'), 'utf8');

test('a webhook can ask for every event of the page about events', async () => {
  const events = readFileSync(join(root, 'docs/events.md'), 'utf8');
  const eventTypes = [...events.matchAll(/^\| \[`([a-z.]+)`\]/gm)].map(([, type]) => type);
  expect(eventTypes).toContain('points.earned');
  const programId = await newProgram();
  const created = await as('ADMIN', `programs/${programId}/webhooks`, {
    url: 'http://127.0.0.1:9/',
    eventTypes,
  });
  expect(created).toMatchObject({ status: 201, body: { eventTypes } });
});

test('its program in Python accepts a delivery, and no other body', async () => {
  const [, program = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
  const programId = await newProgram();
  const received = Promise.withResolvers<{ headers: object; body: string }>();
  const server = createServer((request, response) => {
    void readText(request).then((body) => {
      received.resolve({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as { port: number };
    const created = await as('ADMIN', `programs/${programId}/webhooks`, {
      url: `http://127.0.0.1:${port}/`,
    });
    const { webhookId, secret } = created.body;
    await as('ADMIN', `programs/${programId}/webhooks/${String(webhookId)}:test`, {});
    const delivery = await received.promise;
    const input = JSON.stringify({ ...delivery, secret });
    const check = `${program}
import json, sys
given = json.load(sys.stdin)
for body in (given["body"], given["body"] + " "):
    print(is_genuine(given["secret"], given["headers"], body.encode()))
`;
    const output = execFileSync('python3', ['-c', check], { input, encoding: 'utf8' });
    expect(output).toBe('True\nFalse\n');
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
