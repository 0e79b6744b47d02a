import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import type { ReadJournalRequest } from '@loyalty/proto/loyalty/ledger/v1/ledger_service_pb.ts';
import {
  Delivery_State,
  Replay_State,
  Webhook_DisableReason,
  Webhook_State,
} from '@loyalty/proto/loyalty/webhooks/v1/webhook_pb.ts';
import { DomainError } from '@loyalty/rules/domain-error.ts';
import pg from 'pg';
import { Webhook as Verifier } from 'standardwebhooks';
import { createDeliveryStore } from '../src/storage/delivery-store.ts';
import {
  createWebhook,
  type Endpoints,
  earned,
  newProgramId,
  type Received,
  type Setting,
  startEndpoints,
  startSetting,
} from './running-webhooks.ts';

let setting: Setting;
let endpoints: Endpoints;
beforeAll(async () => {
  [setting, endpoints] = await Promise.all([startSetting(), startEndpoints()]);
});
afterAll(async () => {
  await setting.stop();
  await endpoints.stop();
});
afterEach(() => endpoints.respondWith(204));

const admin = () => ({ token: setting.tokens.admin });
/** For a test's own store, in which no webhook is disabled. */
const silent = { encodeDisabled: () => new Uint8Array(), wakeRelay: () => undefined };
const hourMs = 3_600_000;

let paths = 0;
/** A webhook with an endpoint of its own. */
async function createOne(options: { programId?: string; eventTypes?: string[] } = {}) {
  paths += 1;
  const path = `/hook-${paths}`;
  const webhook = await createWebhook(setting, { url: endpoints.urlOf(path), ...options });
  const { programId, webhookId } = webhook;
  return {
    ...webhook,
    path,
    received: () => endpoints.at(path),
    receivedIds: () => endpoints.at(path).map(({ id }) => id),
    async now() {
      const response = await setting.client.getWebhook({ programId, webhookId }, admin());
      if (response.webhook === undefined) throw new Error('no webhook');
      return response.webhook;
    },
    async deliveries(state: Delivery_State = Delivery_State.STATE_UNSPECIFIED) {
      const request = { programId, webhookId, state };
      return (await setting.client.listDeliveries(request, admin())).deliveries;
    },
  };
}

type Hook = Awaited<ReturnType<typeof createOne>>;

const delivered = (hook: Hook, ids: string[]) =>
  eventually(() => expect(hook.receivedIds().toSorted()).toEqual(ids.toSorted()));

test('an event reaches the webhooks of its program that want it, signed and once', async () => {
  const programId = newProgramId();
  const all = await createOne({ programId });
  const earns = await createOne({ programId, eventTypes: ['points.earned'] });
  const others = await createOne({ programId, eventTypes: ['program.changed'] });
  const elsewhere = await createOne();
  const event = earned(programId);
  await setting.publish(event);
  await delivered(all, [event.id]);
  await delivered(earns, [event.id]);
  const [received] = all.received();
  expect(new Verifier(all.secret).verify(received?.body ?? '', { ...received?.headers })).toEqual(
    JSON.parse(received?.body ?? ''),
  );
  expect(received?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'webhook-id': event.id,
  });
  await setting.publishAgain(event);
  const last = earned(programId);
  await setting.publish(last);
  await delivered(all, [event.id, last.id]);
  expect(others.received()).toEqual([]);
  expect(elsewhere.received()).toEqual([]);
});

test('the log has each attempt, with its status and time, and the body', async () => {
  const hook = await createOne();
  endpoints.respondWith(500);
  const event = earned(hook.programId);
  await setting.publish(event);
  const delivery = await eventually(async () => {
    const [first] = await hook.deliveries(Delivery_State.PENDING);
    if (first === undefined || first.attemptCount === 0) throw new Error('not tried yet');
    return first;
  });
  expect(delivery).toMatchObject({
    eventId: event.id,
    eventType: 'points.earned',
    attemptCount: 1,
    attempts: [{ status: 500, error: 'HTTP status 500' }],
    body: hook.received()[0]?.body,
  });
  // It is written when the endpoint's turn ends.
  await eventually(async () =>
    expect(await hook.now()).toMatchObject({ failingSince: expect.anything() }),
  );
});

test('what fails is tried again with the same id and body, and a new timestamp', async () => {
  const hook = await createOne();
  endpoints.respondWith(500);
  const event = earned(hook.programId);
  await setting.publish(event);
  await delivered(hook, [event.id]);
  endpoints.respondWith(204);
  setting.letPass(6_000);
  await delivered(hook, [event.id, event.id]);
  const [first, second] = hook.received();
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
  await eventually(async () =>
    expect(await hook.deliveries()).toMatchObject([
      { state: Delivery_State.DELIVERED, attemptCount: 2 },
    ]),
  );
  await eventually(async () => expect((await hook.now()).failingSince).toBeUndefined());
});

test('after the last attempt a delivery has failed; a retry begins anew', async () => {
  const hook = await createOne();
  endpoints.respondWith(400);
  await setting.publish(earned(hook.programId));
  const longestHours = [0.01, 0.1, 0.6, 2.3, 5.6, 11.1, 15.5, 22.1, 26.5, 0];
  for (const [index, hours] of longestHours.entries()) {
    await eventually(async () =>
      expect(await hook.deliveries()).toMatchObject([{ attemptCount: index + 1 }]),
    );
    setting.letPass(hours * hourMs);
  }
  const [failed] = await hook.deliveries(Delivery_State.FAILED);
  expect(failed).toMatchObject({ attemptCount: 10 });
  endpoints.respondWith(204);
  const { programId, webhookId } = hook;
  const { deliveryId = '' } = failed ?? {};
  await setting.client.retryDelivery({ programId, webhookId, deliveryId }, admin());
  await eventually(async () =>
    expect(await hook.deliveries()).toMatchObject([
      { state: Delivery_State.DELIVERED, attemptCount: 1 },
    ]),
  );
});

test('410 disables a webhook, nothing more is sent, and the others of the program hear of it', async () => {
  const hook = await createOne();
  const other = await createOne({ programId: hook.programId, eventTypes: ['webhook.disabled'] });
  endpoints.respond(({ path }, response) => {
    response.writeHead(path === hook.path ? 410 : 204).end();
  });
  await setting.publish(earned(hook.programId));
  await eventually(async () =>
    expect(await hook.now()).toMatchObject({
      state: Webhook_State.DISABLED,
      disableReason: Webhook_DisableReason.GONE,
    }),
  );
  const metrics = await (await fetch(setting.metricsUrl)).text();
  expect(metrics).toMatch(/webhooks\{state="DISABLED",reason="GONE",service="webhooks"\} 1/);
  await eventually(() => expect(other.received()).toHaveLength(1));
  const { id, subject, type, data } = JSON.parse(other.received()[0]?.body ?? '');
  const { programId, webhookId } = hook;
  expect({ subject, type }).toEqual({ subject: webhookId, type: 'loyalty.webhook.disabled' });
  expect(id).toMatch(new RegExp(`^${webhookId}-disabled-\\d+$`));
  expect(data).toMatchObject({ programId, webhookId, description: '', reason: 'GONE' });
  expect(hook.received()).toHaveLength(1);
});

test('five days of failures disable a webhook', async () => {
  const hook = await createOne();
  endpoints.respondWith(500);
  await setting.publish(earned(hook.programId));
  await eventually(async () => expect((await hook.now()).failingSince).toBeDefined());
  setting.letPass(5 * 24 * hourMs);
  await eventually(async () =>
    expect(await hook.now()).toMatchObject({ disableReason: Webhook_DisableReason.FAILING }),
  );
});

test('Retry-After is respected', async () => {
  const hook = await createOne();
  endpoints.respond((_received, response) => {
    response.writeHead(429, { 'retry-after': '3600' }).end();
  });
  const event = earned(hook.programId);
  await setting.publish(event);
  await delivered(hook, [event.id]);
  await eventually(async () => {
    const [delivery] = await hook.deliveries();
    const seconds = Number(delivery?.nextAttemptTime?.seconds) - setting.now() / 1_000;
    expect(seconds).toBeGreaterThan(3_500);
  });
  // It is written when the endpoint's turn ends.
  await eventually(async () => {
    const { pausedUntil } = await hook.now();
    expect(Number(pausedUntil?.seconds) - setting.now() / 1_000).toBeGreaterThan(3_500);
  });
  endpoints.respondWith(204);
  setting.letPass(3_700_000);
  expect((await hook.now()).pausedUntil).toBeUndefined();
  await delivered(hook, [event.id, event.id]);
});

test('a test and a retry end the wait that an endpoint has asked for', async () => {
  const hook = await createOne();
  const { programId, webhookId } = hook;
  const pool = new pg.Pool({ connectionString: setting.databaseUrl });
  const isAskedToWait = () =>
    eventually(async () => {
      const { rows } = await pool.query(
        `SELECT FROM webhooks WHERE webhook_id = $1 AND paused_until > '-infinity' AND lease IS NULL`,
        [webhookId],
      );
      expect(rows).toHaveLength(1);
    });
  endpoints.respond((_received, response) => {
    response.writeHead(503, { 'retry-after': '86400' }).end();
  });
  const event = earned(programId);
  await setting.publish(event);
  await isAskedToWait();
  const { delivery } = await setting.client.testWebhook({ programId, webhookId }, admin());
  const { eventId = '' } = delivery ?? {};
  await delivered(hook, [event.id, eventId]);
  const unknown = { programId, webhookId, deliveryId: '999999999' };
  await expect(setting.client.retryDelivery(unknown, admin())).rejects.toThrow('no delivery');
  await isAskedToWait();
  endpoints.respondWith(204);
  const { deliveryId = '' } = (await hook.deliveries())[1] ?? {};
  await setting.client.retryDelivery({ programId, webhookId, deliveryId }, admin());
  await delivered(hook, [event.id, eventId, event.id]);
  await pool.end();
});

test('one endpoint that hangs holds up none of 1,000 others', async () => {
  const programId = newProgramId();
  const hanging = await createOne({ programId });
  endpoints.respond((received, response) => {
    if (received.path !== hanging.path) response.writeHead(204).end();
  });
  const programs = Array.from({ length: 10 }, newProgramId);
  const others = await Promise.all(
    programs.flatMap((program) =>
      Array.from({ length: 100 }, () => createOne({ programId: program })),
    ),
  );
  const stuck = Array.from({ length: 20 }, () => earned(programId));
  await Promise.all(stuck.map((event) => setting.publish(event)));
  await eventually(() => expect(hanging.received().length).toBeGreaterThan(0));
  const began = performance.now();
  await Promise.all(programs.map((program) => setting.publish(earned(program))));
  await eventually(() => {
    const reached = new Set(endpoints.received.map(({ path }) => path));
    expect(others.filter(({ path }) => !reached.has(path))).toHaveLength(0);
  }, 15_000);
  // Far less than twenty time-outs of the one that hangs.
  expect(performance.now() - began).toBeLessThan(20 * setting.config.timeoutMs);
}, 60_000);

test('a program whose endpoints all hang holds up no other program', async () => {
  const programId = newProgramId();
  const hanging = await Promise.all(Array.from({ length: 100 }, () => createOne({ programId })));
  const other = await createOne();
  endpoints.respond((received, response) => {
    if (received.path === other.path) response.writeHead(204).end();
  });
  await setting.publish(earned(programId));
  const asked = () => hanging.filter(({ path }) => endpoints.at(path).length > 0).length;
  await eventually(() => expect(asked()).toBeGreaterThanOrEqual(25));
  const event = earned(other.programId);
  await setting.publish(event);
  await delivered(other, [event.id]);
  // A quarter of the places, and those that had theirs after the first time-out.
  expect(asked()).toBeLessThan(100);
}, 60_000);

test('a test event is delivered whatever the filter is', async () => {
  const hook = await createOne({ eventTypes: ['program.changed'] });
  const { programId, webhookId } = hook;
  const { delivery } = await setting.client.testWebhook({ programId, webhookId }, admin());
  await delivered(hook, [delivery?.eventId ?? '']);
  expect(JSON.parse(hook.received()[0]?.body ?? '')).toMatchObject({
    type: 'loyalty.webhook.test',
    actor: 'admin:jane',
  });
});

test('while a secret is rotated, deliveries are signed with both', async () => {
  const hook = await createOne();
  const { programId, webhookId } = hook;
  const { webhook } = await setting.client.rotateSecret({ programId, webhookId }, admin());
  const current = webhook?.secret ?? '';
  expect(current).not.toBe(hook.secret);
  await setting.client.testWebhook({ programId, webhookId }, admin());
  await eventually(() => expect(hook.received()).toHaveLength(1));
  const { body = '', headers = {} }: Partial<Received> = hook.received()[0] ?? {};
  // The clock of this test may have moved on.
  const timestamp = new Date(Number(headers['webhook-timestamp']) * 1_000);
  const signatures = [current, hook.secret].map((secret) =>
    new Verifier(secret).sign(headers['webhook-id'] ?? '', timestamp, body),
  );
  expect(headers['webhook-signature']).toBe(signatures.join(' '));
});

test('what changes at a busy endpoint applies to all but the requests under way', async () => {
  const hook = await createOne();
  const { programId, webhookId } = hook;
  endpoints.respond((_received, response) => {
    setTimeout(() => response.writeHead(204).end(), 20);
  });
  await Promise.all(Array.from({ length: 300 }, () => setting.publish(earned(programId))));
  const path = `${hook.path}/moved`;
  const update = (webhook: { url?: string; state?: Webhook_State }) =>
    setting.client.updateWebhook(
      { programId, webhookId, webhook, updateMask: { paths: Object.keys(webhook) } },
      admin(),
    );
  const sent = () =>
    endpoints.received.filter((one) => one.path === hook.path || one.path === path);
  /** What was sent after the change as if it hadn't been made; it has more requests sent first. */
  const late = async (change: () => Promise<unknown>, isLate: (received: Received) => boolean) => {
    await change();
    const before = sent().length;
    await eventually(() => expect(sent().length).toBeGreaterThan(before + 30));
    return sent().slice(before).filter(isLate).length;
  };
  await eventually(() => expect(sent().length).toBeGreaterThan(10));
  const isSignedOnce = ({ headers }: Received) => !headers['webhook-signature']?.includes(' ');
  const rotate = () => setting.client.rotateSecret({ programId, webhookId }, admin());
  const underWay = 8; // four, and the four after them that were about to be sent
  expect(await late(rotate, isSignedOnce)).toBeLessThanOrEqual(underWay);
  const move = () => update({ url: endpoints.urlOf(path) });
  const isAtOldUrl = (received: Received) => received.path === hook.path;
  expect(await late(move, isAtOldUrl)).toBeLessThanOrEqual(underWay);
  await update({ state: Webhook_State.DISABLED });
  const before = sent().length;
  const other = await createOne();
  const last = earned(other.programId);
  await setting.publish(last);
  await delivered(other, [last.id]);
  await setting.stopService();
  await setting.startService();
  expect(sent().length - before).toBeLessThanOrEqual(underWay);
  expect(sent().length).toBeLessThan(300);
});

test('the endpoints of a process that was killed are served again within seconds', async () => {
  const hook = await createOne();
  const event = earned(hook.programId);
  await setting.stopService();
  await setting.publish(event);
  // What a process leaves behind that just leased it.
  const pool = new pg.Pool({ connectionString: setting.databaseUrl });
  const deliveries = createDeliveryStore(pool, silent);
  const { programId, webhookId } = hook;
  await deliveries.addAll([{ programId, eventId: 'e-1', type: 'points.earned', body: '{}' }], 0);
  const lease = { limit: 1, served: [], perProgramMax: 1, now: setting.now() };
  const [leased] = await deliveries.lease({ ...lease, leaseMs: 1_000 });
  expect(leased).toMatchObject({ webhookId });
  await setting.startService();
  await delivered(hook, ['e-1', event.id]);
  // It has lost what it had.
  if (leased === undefined) throw new Error('nothing was leased');
  const due = await deliveries.due({ endpoint: leased, now: setting.now(), limit: 1 });
  expect(due.endpoint).toBeUndefined();
  await pool.end();
});

test('a lease that is renewed goes on', async () => {
  const hook = await createOne();
  const { programId, webhookId } = hook;
  await setting.stopService();
  const pool = new pg.Pool({ connectionString: setting.databaseUrl });
  const deliveries = createDeliveryStore(pool, silent);
  await deliveries.addAll([{ programId, eventId: 'e-1', type: 'points.earned', body: '{}' }], 0);
  const query = { limit: 100, served: [], perProgramMax: 1, now: setting.now() };
  // Webhooks of other tests may have something due.
  const lease = async (leaseMs: number) =>
    (await deliveries.lease({ ...query, leaseMs })).filter((each) => each.webhookId === webhookId);
  const leased = await lease(0);
  expect(leased).toHaveLength(1);
  await deliveries.renew(leased, 60_000);
  expect(await lease(60_000)).toEqual([]);
  // As if it had ended, and another worker had it.
  await deliveries.renew(leased, 0);
  expect(await lease(60_000)).toHaveLength(1);
  await deliveries.renew(leased, 0);
  expect(await lease(60_000)).toEqual([]);
  await pool.query(`UPDATE webhooks SET leased_until = '-infinity'`);
  await pool.end();
  await setting.startService();
});

test('events wait while the service is away', async () => {
  const hook = await createOne();
  await setting.stopService();
  const event = earned(hook.programId);
  await setting.publish(event);
  await setting.startService();
  await delivered(hook, [event.id]);
  expect(hook.received()).toHaveLength(1);
});

/** How many events were skipped since the service started. */
async function skippedCount(): Promise<number> {
  const metrics = await (await fetch(setting.metricsUrl)).text();
  return Number(/webhook_events_skipped_total\{service="webhooks"\} (\d+)/.exec(metrics)?.[1]);
}

test('an event of an unknown type is skipped and counted', async () => {
  const hook = await createOne();
  const before = await skippedCount();
  const unknown = earned(hook.programId);
  const subject = `loyalty.events.v1.${hook.programId}.points.teleported`;
  await setting.publish({ ...unknown, subject });
  const event = earned(hook.programId);
  await setting.publish(event);
  await delivered(hook, [event.id]);
  expect(await skippedCount()).toBe(before + 1);
});

test('a failed submission that names no program is skipped, and isn’t counted', async () => {
  const hook = await createOne();
  const before = await skippedCount();
  const { headers } = earned(hook.programId);
  const subject = 'loyalty.events.v1._.submission.dead';
  await setting.publish({ headers, subject, data: new Uint8Array() });
  const event = earned(hook.programId);
  await setting.publish(event);
  await delivered(hook, [event.id]);
  expect(await skippedCount()).toBe(before);
});

test('finished deliveries are removed in time', async () => {
  const hook = await createOne();
  const event = earned(hook.programId);
  await setting.publish(event);
  await eventually(async () =>
    expect(await hook.deliveries(Delivery_State.DELIVERED)).toHaveLength(1),
  );
  setting.letPass(31 * 24 * hourMs);
  await setting.stopService();
  await setting.startService();
  await eventually(async () => expect(await hook.deliveries()).toEqual([]));
});

describe('a replay', () => {
  class Unknown extends DomainError {
    readonly reason: string;

    constructor(reason: string) {
      super('the ledger does not know it');
      this.reason = reason;
    }
  }
  /** Whether it only asks if there is such a journal. */
  const isCheck = ({ pageSize }: ReadJournalRequest) => pageSize === 1;
  const ofAlice = { case: 'userId', value: 'alice' } as const;
  const pageOf = (events: ReturnType<typeof earned>[], nextPageToken = '') => ({
    events: events.map(({ subject, headers, data }) => ({ subject, headers, data })),
    nextPageToken,
  });
  const replayed = (hook: Hook, state: Replay_State) =>
    eventually(async () => {
      const { replay } = await hook.now();
      if (replay?.state !== state) throw new Error(`it is ${replay?.state}: ${replay?.error}`);
      return replay;
    });

  test('of a member delivers under the same ids and with the same bodies', async () => {
    const hook = await createOne();
    const { programId, webhookId } = hook;
    const event = earned(programId);
    const forgotten = earned(programId);
    await setting.publish(event);
    await delivered(hook, [event.id]);
    const asked: unknown[] = [];
    setting.journal.respond(async (request) => {
      if (isCheck(request)) return {};
      asked.push([request.range, request.pageToken]);
      return request.pageToken === '' ? pageOf([forgotten], 'more') : pageOf([event]);
    });
    await setting.client.replayWebhook({ programId, webhookId, start: ofAlice }, admin());
    await delivered(hook, [event.id, event.id, forgotten.id]);
    const bodies = hook.received().filter(({ id }) => id === event.id);
    expect(bodies[1]?.body).toBe(bodies[0]?.body);
    expect(await replayed(hook, Replay_State.DONE)).toMatchObject({ events: 2n, error: '' });
    expect(asked).toMatchObject([
      [{ case: 'user', value: { userId: 'alice', fromSequence: 0n } }, ''],
      [{ case: 'user' }, 'more'],
    ]);
  });

  test('of a period reads its end again once nothing can be added to it', async () => {
    const hook = await createOne();
    const { programId, webhookId } = hook;
    const [early, late] = [earned(programId), earned(programId)];
    const periods: unknown[] = [];
    setting.journal.respond(async (request) => {
      if (isCheck(request)) return {};
      periods.push(request.range.value);
      return pageOf(periods.length === 1 ? [early] : [late]);
    });
    const from = { seconds: BigInt(Math.floor(setting.now() / 1_000)) - 3_600n };
    await setting.client.replayWebhook(
      { programId, webhookId, start: { case: 'from', value: from } },
      admin(),
    );
    await delivered(hook, [early.id]);
    const request = { programId, webhookId, start: ofAlice };
    await expect(setting.client.replayWebhook(request, admin())).rejects.toMatchObject({
      reason: 'ILLEGAL_TRANSITION',
    });
    setting.letPass(61_000);
    await delivered(hook, [early.id, late.id]);
    await replayed(hook, Replay_State.DONE);
    expect(periods).toHaveLength(2);
  });

  test.each(['MEMBERSHIP_NOT_FOUND', 'PROGRAM_NOT_FOUND'])(
    'of what the ledger does not know is refused at once: %s',
    async (reason) => {
      const hook = await createOne();
      const { programId, webhookId } = hook;
      setting.journal.respond(() => Promise.reject(new Unknown(reason)));
      const call = setting.client.replayWebhook({ programId, webhookId, start: ofAlice }, admin());
      await expect(call).rejects.toMatchObject({ reason });
      expect((await hook.now()).replay).toBeUndefined();
    },
  );

  test('lets pass what happens meanwhile, and what an operator asks for', async () => {
    const hook = await createOne();
    const { programId, webhookId } = hook;
    const sent = earned(programId);
    await setting.publish(sent);
    await eventually(async () =>
      expect(await hook.deliveries(Delivery_State.DELIVERED)).toHaveLength(1),
    );
    const { deliveryId = '' } = (await hook.deliveries())[0] ?? {};
    const underWay: ServerResponse[] = [];
    endpoints.respond((_received, response) => void underWay.push(response));
    const old = Array.from({ length: 300 }, () => earned(programId));
    setting.journal.respond(async (request) => (isCheck(request) ? {} : pageOf(old)));
    await setting.client.replayWebhook({ programId, webhookId, start: ofAlice }, admin());
    await eventually(() => expect(underWay).toHaveLength(4));
    const live = earned(programId);
    await setting.publish(live);
    await setting.client.retryDelivery({ programId, webhookId, deliveryId }, admin());
    const { delivery } = await setting.client.testWebhook({ programId, webhookId }, admin());
    const { eventId = '' } = delivery ?? {};
    await eventually(async () =>
      expect((await hook.deliveries()).map((each) => each.eventId)).toContain(live.id),
    );
    endpoints.respondWith(204);
    for (const response of underWay) response.writeHead(204).end();
    const awaited = [sent.id, live.id, eventId];
    await eventually(() =>
      expect(hook.receivedIds().slice(1)).toEqual(expect.arrayContaining(awaited)),
    );
    const places = awaited.map((id) => hook.receivedIds().lastIndexOf(id));
    // Behind those that had been fetched with the ones under way.
    expect(Math.max(...places)).toBeLessThan(30);
  });

  test('goes on when the ledger is back, and after a restart', async () => {
    const hook = await createOne();
    const { programId, webhookId } = hook;
    setting.journal.respond(() => Promise.reject(new Error('away')));
    await setting.client.replayWebhook({ programId, webhookId, start: ofAlice }, admin());
    await eventually(async () => expect((await hook.now()).replay?.error).not.toBe(''));
    await setting.stopService();
    await setting.startService();
    const event = earned(programId);
    setting.journal.respond(async () => pageOf([event]));
    setting.letPass(10_000);
    await delivered(hook, [event.id]);
    expect(await replayed(hook, Replay_State.DONE)).toMatchObject({ error: '' });
  });
});
