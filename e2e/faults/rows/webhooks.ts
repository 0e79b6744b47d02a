import { setTimeout as delay } from 'node:timers/promises';
import { type Channel, createChannel, createClient } from '@loyalty/platform/rpc/client.ts';
import { WebhookService } from '@loyalty/proto/loyalty/webhooks/v1/webhook_service_pb.ts';
import { programId } from '../customers.ts';
import { type Balances, type Endpoint, startEndpoint } from '../endpoint.ts';
import { awaitCondition } from '../patience.ts';
import type { Site, Webhooks } from '../site.ts';
import type { Row, Trial } from '../trial.ts';

/** Longer than JetStream waits for what a dead process had fetched. */
const limitMs = 60_000;

export const webhooksInTurn: Row = {
  id: 'webhooks',
  fault:
    'kill webhooks before COMMIT, the ledger, NATS and the endpoint in turn, then replay into an empty one',
  times: { full: 40, tenth: 4 },
  site: { webhooks: true },
  async run(trial) {
    const { site, random } = trial;
    const webhooks = requireWebhooks(site);
    const endpoint = await startEndpoint(random);
    const channel = createChannel({ address: webhooks.address, services: [WebhookService] });
    try {
      const webhookId = await createWebhook(trial, { channel, endpoint });
      if (trial.isControl) await acknowledgeEarly(site);
      await replay(trial, { channel, webhookId });
      await trial.repeatedly(async (round) => {
        const load = trial.customers.startLoad({ callers: 8, betweenMs: 5 });
        await delay(random.integer(100, 500));
        await strikes[round % strikes.length]?.({ trial, webhooks, endpoint });
        await load.stop();
        await trial.recover();
        await requireSameBalances(trial, { webhooks, endpoint, what: 'the endpoint' });
      });
      trial.count('repeated deliveries', endpoint.repeats);
      if (!trial.isControl) await rebuild(trial, { webhooks, endpoint, channel, webhookId });
    } finally {
      channel.close();
      await endpoint.stop();
    }
  },
  control: {
    off: 'redelivery: an event counts as done before its deliveries are written',
    shows: /^the endpoint lacks/,
  },
};

interface Strike {
  readonly trial: Trial;
  readonly webhooks: Webhooks;
  readonly endpoint: Endpoint;
}

const strikes: readonly ((strike: Strike) => Promise<void>)[] = [
  async ({ webhooks }) => {
    await webhooks.proxy.trap(({ at, statements }) => {
      if (at !== 'commit' || !statements.has('add-deliveries')) return 'pass';
      webhooks.process.signal('SIGKILL');
      return 'hold';
    });
    await webhooks.process.ended();
    await webhooks.start();
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
  await awaitCondition('the beginning of the replay', () => endpoint.known().size, {
    satisfies: (size) => size > 0,
    limitMs,
  });
  await webhooks.process.kill();
  await webhooks.start();
  const what = 'the endpoint that started empty';
  await requireSameBalances(trial, { webhooks, endpoint, what });
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
  const { config } = await consumers.info('LOYALTY_EVENTS', 'webhooks');
  await consumers.update('LOYALTY_EVENTS', 'webhooks', { ...config, max_deliver: 1 });
}

async function requireSameBalances(
  trial: Trial,
  { webhooks, endpoint, what }: { webhooks: Webhooks; endpoint: Endpoint; what: string },
): Promise<void> {
  const wanted = await balancesIn(trial.site);
  // As in production, but for the waits: for what a dead process had leased, and between attempts.
  await webhooks.execute("UPDATE webhooks SET leased_until = '-infinity', lease = NULL");
  await webhooks.execute("UPDATE replays SET due_time = now() WHERE page_token <> ''");
  const began = performance.now();
  try {
    await awaitCondition(
      what,
      async () => {
        await tryAtOnce(webhooks);
        return differences(wanted, endpoint);
      },
      { satisfies: ({ length }) => length === 0, limitMs },
    );
    trial.count('seconds of catching up', Math.round((performance.now() - began) / 1_000));
  } catch {
    const differing = differences(wanted, endpoint);
    trial.problem(`${what} lacks events of ${differing.length} members, such as ${differing[0]}`);
  }
}

async function tryAtOnce({ execute }: Webhooks): Promise<void> {
  const waiting = await execute(
    `UPDATE deliveries SET next_attempt_time = now()
     WHERE state = 'PENDING' AND next_attempt_time > now() + interval '1 s' RETURNING delivery_id`,
  );
  if (waiting.length === 0) return;
  await execute("UPDATE webhooks SET due_time = '-infinity', paused_until = '-infinity'");
}

interface Member {
  readonly entries: number;
  readonly balances: Balances;
}

async function balancesIn({ execute }: Site): Promise<ReadonlyMap<string, Member>> {
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

/** What the endpoint doesn't know of members, or knows otherwise. */
function differences(wanted: ReadonlyMap<string, Member>, endpoint: Endpoint): string[] {
  const known = endpoint.known();
  return [...wanted].flatMap(([membershipId, member]) => {
    const found = known.get(membershipId);
    const isSame =
      found?.entries === member.entries &&
      (Object.keys(member.balances) as (keyof Balances)[]).every(
        (name) => found.balances[name] === member.balances[name],
      );
    return isSame
      ? []
      : [`${membershipId}: ${JSON.stringify(found)} instead of ${JSON.stringify(member)}`];
  });
}

function requireWebhooks({ webhooks }: Site): Webhooks {
  if (webhooks === undefined) throw new Error('the site has no webhooks service');
  return webhooks;
}
