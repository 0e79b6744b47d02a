import { setTimeout as delay } from 'node:timers/promises';
import { busyness } from '@loyalty/local/test-patience.ts';
import { type Channel, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import { type Balances, type Endpoint, startEndpoint } from '../endpoint.ts';
import { awaitCondition } from '../patience.ts';
import type { Moment } from '../postgres-proxy.ts';
import { programId } from '../program.ts';
import type { Site, Webhooks } from '../site.ts';
import type { Row, Trial } from '../trial.ts';

/** How long the endpoints of a webhooks process that was killed wait for another one. */
const leaseMs = 10_000;
/** And for the other one to look for them, on a quiet machine. */
const turnStartMs = 1_000;
/** How long requests that a killed process had sent need to arrive. */
const sentMs = 100;
/** Longer than a lease, than the first wait of a retry, and than a pause that a short absence brings. */
const shortWaitMs = 10_000;
/** Longer than JetStream waits for what a dead process had fetched. */
const redeliveryMs = 60_000;
/** Longer than a replay is leased by a process that reads its next page. */
const replayMs = 120_000;

export const webhooksInTurn: Row = {
  id: 'webhooks',
  fault:
    'kill webhooks before COMMIT, the ledger, NATS and the endpoint in turn, then replay into an empty one',
  times: { full: 40, tenth: 4 },
  site: { webhooks: true },
  customers: { slowly: true },
  async run(trial) {
    const { site, random } = trial;
    const webhooks = requireWebhooks(site);
    const endpoint = await startEndpoint(random);
    const channel = createChannel({ address: webhooks.address, services: [WebhookService] });
    try {
      const webhookId = await createWebhook(trial, { channel, endpoint });
      await replay(trial, { channel, webhookId });
      await trial.repeatedly(async (round) => {
        const load = trial.customers.startLoad({ callers: 8, deeds, betweenMs: 10 });
        await delay(random.integer(100, 500));
        await strikes[round % strikes.length]?.({ trial, webhooks, endpoint });
        await load.stop();
        await trial.recover();
        const limitMs = redeliveryMs;
        await requireSameBalances(trial, { webhooks, endpoint, what: 'the endpoint', limitMs });
      });
      trial.count('repeated deliveries', endpoint.repeats);
      if (trial.isControl) return;
      await requireAllKinds(trial);
      await rebuild(trial, { webhooks, endpoint, channel, webhookId });
    } finally {
      channel.close();
      await endpoint.stop();
    }
  },
  control: {
    off: 'redelivery: an event counts as done before its deliveries are written',
    shows: /^the endpoint lacks/,
    apply: acknowledgeEarly,
  },
  furtherControls: [
    {
      off: 'three of the four balances: events have 0 instead',
      shows: /^the endpoint has other points: pending of \d+.*, reserved of \d+.*, deficit of \d+/,
      apply: losePoints,
    },
    {
      off: 'the end of the leases of endpoints',
      shows: /^nothing was delivered/,
      apply: leaseForHours,
    },
  ],
};

/** Members spend what they have, so that refunds often take more than is left. */
const deeds = ['earn', 'publish', 'redeem', 'earnPending', 'hold', 'hold', 'refund'] as const;

interface Strike {
  readonly trial: Trial;
  readonly webhooks: Webhooks;
  readonly endpoint: Endpoint;
}

const strikes: readonly ((strike: Strike) => Promise<void>)[] = [
  async (strike) => {
    const { webhooks, endpoint } = strike;
    const isAdding = ({ at, statements }: Moment) =>
      at === 'commit' && statements.has('add-deliveries');
    await webhooks.proxy.trap((moment) => {
      if (!isAdding(moment) || !endpoint.isBusy) return 'pass';
      webhooks.process.signal('SIGKILL');
      return 'hold';
    });
    await startAgain(strike);
  },
  async ({ trial: { site } }) => {
    const [ledger] = site.ledgers;
    await ledger.process.kill();
    await ledger.start();
  },
  async ({ trial: { site } }) => {
    await site.natsServer.kill();
    await site.natsServer.start();
  },
  async ({ trial: { random }, endpoint }) => {
    await endpoint.stop();
    await delay(random.integer(200, 1_000));
    await endpoint.start();
  },
];

/** Starts the service, which was killed in the middle of a request, and measures how long its endpoint gets no other. */
async function startAgain({ trial, webhooks, endpoint }: Strike): Promise<void> {
  const began = performance.now();
  await webhooks.process.ended();
  await delay(sentMs);
  const before = endpoint.received;
  const limitMs = leaseMs + turnStartMs * busyness();
  const next = awaitCondition('the next delivery', () => endpoint.received - before, {
    satisfies: (received) => received > 0,
    limitMs,
  }).then(
    () => true,
    () => false,
  );
  const measured = next.then((hasCome) => ({ hasCome, ms: performance.now() - began }));
  const [{ hasCome, ms }] = await Promise.all([measured, webhooks.start()]);
  trial.stoodStill(ms);
  if (!hasCome)
    trial.problem(`nothing was delivered for ${(ms / 1_000).toFixed(1)} s after a kill`);
}

/** Everything again, from the journal alone, for an endpoint that has lost all it had. */
async function rebuild(
  trial: Trial,
  {
    webhooks,
    endpoint,
    channel,
    webhookId,
  }: { webhooks: Webhooks; endpoint: Endpoint; channel: Channel; webhookId: string },
): Promise<void> {
  const connection = await trial.site.nats.connection({ timeoutMs: 5_000 });
  const { streams } = await connection.jetstreamManager();
  await streams.purge('LOYALTY_EVENTS');
  await webhooks.execute('DELETE FROM deliveries');
  await webhooks.execute('DELETE FROM replays');
  endpoint.forget();
  await replay(trial, { channel, webhookId });
  await awaitCondition('the replay', () => endpoint.known().size > 0 && endpoint.isBusy, {
    satisfies: Boolean,
    limitMs: redeliveryMs,
  });
  webhooks.process.signal('SIGKILL');
  await startAgain({ trial, webhooks, endpoint });
  const what = 'the endpoint that started empty';
  await requireSameBalances(trial, { webhooks, endpoint, what, limitMs: replayMs });
}

async function createWebhook(
  { site }: Trial,
  { channel, endpoint }: { channel: Channel; endpoint: Endpoint },
): Promise<string> {
  const { webhook } = await createClient(WebhookService, channel).createWebhook(
    { programId, webhook: { url: endpoint.url } },
    { token: await site.token('admin') },
  );
  return webhook?.webhookId ?? '';
}

/** Also of what happened before there was a webhook. */
async function replay(
  { site }: Trial,
  { channel, webhookId }: { channel: Channel; webhookId: string },
): Promise<void> {
  const from = { seconds: 0n };
  await createClient(WebhookService, channel).replayWebhook(
    { programId, webhookId, start: { case: 'from', value: from } },
    { token: await site.token('admin') },
  );
}

/** The consumer gets each event once, whatever becomes of it: as if it were acknowledged before the commit. */
async function acknowledgeEarly({ nats }: Site): Promise<void> {
  const connection = await nats.connection({ timeoutMs: 5_000 });
  const { consumers } = await connection.jetstreamManager();
  const { config } = await awaitCondition(
    'the consumer of the webhooks service',
    () => consumers.info('LOYALTY_EVENTS', 'webhooks'),
    { satisfies: () => true, limitMs: redeliveryMs },
  );
  await consumers.update('LOYALTY_EVENTS', 'webhooks', { ...config, max_deliver: 1 });
}

/** Has the effect that events are encoded without three of the balances. */
async function losePoints(site: Site): Promise<void> {
  const { execute } = requireWebhooks(site);
  await execute(`CREATE FUNCTION lose_points() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      NEW.body := jsonb_set(NEW.body::jsonb, '{data,pointsAfter}',
        NEW.body::jsonb #> '{data,pointsAfter}' || '{"pending": 0, "reserved": 0, "deficit": 0}');
      RETURN NEW;
    END $$`);
  await execute(
    'CREATE TRIGGER lose_points BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION lose_points()',
  );
}

/** Has the effect that others wait for a killed process. */
async function leaseForHours(site: Site): Promise<void> {
  const { execute } = requireWebhooks(site);
  await execute(`CREATE FUNCTION lease_for_hours() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.leased_until := NEW.leased_until + interval '1 hour'; RETURN NEW; END $$`);
  await execute(`CREATE TRIGGER lease_for_hours BEFORE UPDATE OF leased_until ON webhooks
    FOR EACH ROW EXECUTE FUNCTION lease_for_hours()`);
}

async function requireSameBalances(
  trial: Trial,
  {
    webhooks,
    endpoint,
    what,
    limitMs,
  }: { webhooks: Webhooks; endpoint: Endpoint; what: string; limitMs: number },
): Promise<void> {
  const wanted = await membersIn(trial.site);
  const lacking = () => {
    const known = endpoint.known();
    return [...wanted.keys()].filter((id) => known.get(id)?.entries !== wanted.get(id)?.entries);
  };
  const began = performance.now();
  try {
    await awaitCondition(
      what,
      async () => {
        await hurryRetries(webhooks);
        return lacking();
      },
      { satisfies: ({ length }) => length === 0, limitMs },
    );
  } catch {
    trial.problem(`${what} lacks events of ${lacking().length} members`);
    return;
  }
  trial.count('seconds of catching up', Math.round((performance.now() - began) / 1_000));
  // What it knows is from the newest entries.
  const differing = kinds.flatMap((kind) => {
    const known = endpoint.known();
    const members = [...wanted].filter(
      ([id, { balances }]) => known.get(id)?.balances[kind] !== balances[kind],
    );
    return members.length === 0 ? [] : [`${kind} of ${members.length} members`];
  });
  if (differing.length > 0) trial.problem(`${what} has other points: ${differing.join(', ')}`);
}

/** The first retry of a delivery comes when it comes; the later ones would take minutes. */
async function hurryRetries({ execute }: Webhooks): Promise<void> {
  const waiting = await execute(
    `UPDATE deliveries SET next_attempt_time = now()
     WHERE state = 'PENDING' AND next_attempt_time > now() + $1 * interval '1 ms' RETURNING delivery_id`,
    [shortWaitMs],
  );
  if (waiting.length === 0) return;
  await execute('UPDATE webhooks SET due_time = least(due_time, greatest(now(), paused_until))');
}

const kinds = ['available', 'pending', 'reserved', 'deficit'] as const;

/** Otherwise comparing them shows nothing. */
async function requireAllKinds(trial: Trial): Promise<void> {
  const members = [...(await membersIn(trial.site)).values()];
  for (const kind of kinds) {
    const having = members.filter(({ balances }) => balances[kind] > 0).length;
    trial.count(`members with ${kind} points`, having);
    if (having === 0) trial.problem(`no member has ${kind} points`);
  }
}

interface Member {
  readonly entries: number;
  readonly balances: Balances;
}

async function membersIn({ execute }: Site): Promise<ReadonlyMap<string, Member>> {
  const rows = await execute<Balances & { membership_id: string; entries: number }>(
    `SELECT m.membership_id::text, m.available::int, m.pending::int, m.reserved::int, m.deficit::int,
       (SELECT count(*)::int FROM entries e WHERE e.membership_id = m.membership_id) AS entries
     FROM memberships m`,
  );
  return new Map(
    rows.map(({ membership_id, entries, available, pending, reserved, deficit }) => [
      membership_id,
      { entries, balances: { available, pending, reserved, deficit } },
    ]),
  );
}

function requireWebhooks({ webhooks }: Site): Webhooks {
  if (webhooks === undefined) throw new Error('the site has no webhooks service');
  return webhooks;
}
