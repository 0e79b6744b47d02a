// What each user of the accounts that deployments ship may do, on a real server with that file.
import { execFile } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectNats } from '@loyalty/platform/messaging/connection.ts';
import { createPublisher } from '@loyalty/platform/messaging/publisher.ts';
import { versionProblem } from '@loyalty/platform/messaging/server-version.ts';
import { platformStreams } from '@loyalty/platform/messaging/streams.ts';
import { AckPolicy, type Consumer, connect, type NatsConnection } from 'nats';
import { natsServerProgram } from '../src/nats-program.ts';
import {
  type NatsServerWithAccounts,
  type NatsUser,
  natsUsers,
  startNatsWithAccounts,
} from '../src/nats-server.ts';
import { root } from '../src/settings.ts';
import { eventually } from '../src/test-patience.ts';

let directory: string;
let server: NatsServerWithAccounts;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nats-accounts-'));
  await chmod(directory, 0o711);
  server = await startNatsWithAccounts({ directory });
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

test('a server that is too old says what it does wrong', async () => {
  const { stdout } = await promisify(execFile)(await natsServerProgram(), ['--version']);
  const [version = ''] = /\d+\.\d+\.\d+\S*/.exec(stdout) ?? [];
  expect(server.versionProblem).toBe(versionProblem(version));
});

/** Logs in, sends lines of the protocol, and returns what the server sends. */
async function exchange(user: NatsUser, line: string): Promise<string> {
  const { hostname, port, username, password } = new URL(server.urlOf(user));
  const login = { user: username, pass: password, verbose: false, pedantic: false };
  const socket = connectSocket(Number(port), hostname).setEncoding('utf8');
  socket.write(`CONNECT ${JSON.stringify(login)}\r\n${line}PING\r\n`);
  let received = '';
  for await (const chunk of socket) {
    received += chunk;
    if (/PONG|-ERR/.test(received)) break;
  }
  return received;
}

async function mayPublish(user: NatsUser, subject: string): Promise<boolean> {
  const received = await exchange(user, `PUB ${subject} 0\r\n\r\n`);
  return !received.includes('Permissions Violation for Publish');
}

async function maySubscribe(user: NatsUser, subject: string): Promise<boolean> {
  const received = await exchange(user, `SUB ${subject} 1\r\n`);
  return !received.includes('Permissions Violation for Subscription');
}

async function usersWhoMayPublish(subject: string): Promise<NatsUser[]> {
  const allowed: NatsUser[] = [];
  for (const user of natsUsers) if (await mayPublish(user, subject)) allowed.push(user);
  return allowed;
}

const streams = ['LOYALTY_IN', 'LOYALTY_EVENTS'];

describe('the accounts of a deployment', () => {
  test.each<[string, NatsUser[]]>([
    ['loyalty.earn.v1.wine-dine', ['ledger', 'producer']],
    ['loyalty.refund.v1.wine-dine', ['producer']],
    ['loyalty.events.v1.wine-dine.program.changed', ['programs']],
    ['loyalty.events.v1.wine-dine.points.earned', ['ledger']],
    ['loyalty.events.v1.wine-dine.membership.joined', ['ledger']],
    ['loyalty.events.v1.wine-dine.redemption.captured', ['ledger']],
    ['loyalty.events.v1.wine-dine.submission.dead', ['ledger']],
    ['loyalty.events.v1.wine-dine.webhook.disabled', ['webhooks']],
    ['anything.else', []],
    ['$JS.ACK.LOYALTY_IN.ledger-earns.1.1.1.1.0', ['ledger']],
    ['$JS.ACK.LOYALTY_EVENTS.webhooks.1.1.1.1.0', ['webhooks']],
    ['$JS.ACK.OTHER.ledger-earns.1.1.1.1.0', []],
    ['$SYS.REQ.SERVER.PING', []],
  ])('let publish on %s: %s', async (subject, users) => {
    expect(await usersWhoMayPublish(subject)).toEqual(users);
  });

  test.each(streams)('let the operator alone make and change %s', async (stream) => {
    for (const verb of ['CREATE', 'UPDATE']) {
      expect(await usersWhoMayPublish(`$JS.API.STREAM.${verb}.${stream}`)).toEqual(['operator']);
    }
  });

  test.each(['CREATE', 'UPDATE', 'INFO'])('let nobody %s another stream', async (verb) => {
    expect(await usersWhoMayPublish(`$JS.API.STREAM.${verb}.OTHER`)).toEqual([]);
  });

  test.each(streams)('let nobody purge or delete %s, or a message of it', async (stream) => {
    for (const verb of ['PURGE', 'DELETE', 'MSG.DELETE', 'RESTORE', 'SNAPSHOT']) {
      expect(await usersWhoMayPublish(`$JS.API.STREAM.${verb}.${stream}`)).toEqual([]);
    }
  });

  test('let only the ledger take what backends report, and not throw a consumer of it away', async () => {
    const consumer = 'LOYALTY_IN.ledger-earns';
    expect(await usersWhoMayPublish(`$JS.API.CONSUMER.MSG.NEXT.${consumer}`)).toEqual(['ledger']);
    expect(await usersWhoMayPublish(`$JS.API.CONSUMER.DELETE.${consumer}`)).toEqual([]);
  });

  test('let webhooks have their own consumer of events, and no other', async () => {
    for (const verb of ['CREATE', 'INFO', 'MSG.NEXT', 'DELETE']) {
      const subjectOf = (consumer: string) =>
        `$JS.API.CONSUMER.${verb}.LOYALTY_EVENTS.${consumer}${verb === 'CREATE' ? '.x' : ''}`;
      const isAllowed = verb !== 'DELETE';
      expect(await mayPublish('webhooks', subjectOf('webhooks'))).toBe(isAllowed);
      expect(await mayPublish('webhooks', subjectOf('others'))).toBe(false);
    }
  });

  test('let nobody listen to anything but replies', async () => {
    for (const user of natsUsers) {
      expect(await maySubscribe(user, '_INBOX.x.*')).toBe(true);
      expect(await maySubscribe(user, 'loyalty.>')).toBe(false);
      expect(await maySubscribe(user, '>')).toBe(false);
    }
  });

  test('let a backend know that its report is stored, and services find their streams', async () => {
    const logger = { info: () => undefined, warn: () => undefined };
    const open = (user: NatsUser, names: readonly string[]) =>
      connectNats({
        url: server.urlOf(user),
        name: user,
        streams: platformStreams.filter(({ name }) => names.includes(name)),
        logger,
      });
    const services = [
      open('programs', ['LOYALTY_EVENTS']),
      open('ledger', streams),
      open('webhooks', ['LOYALTY_EVENTS']),
    ];
    const backend = open('producer', []);
    try {
      const publisher = createPublisher(backend);
      const report = { subject: 'loyalty.earn.v1.wine-dine', data: Buffer.from('{}') };
      expect(await publisher.publish(report)).toMatchObject({ duplicate: false });
      await eventually(() => {
        for (const service of services) expect(service.isConnected()).toBe(true);
      });
    } finally {
      await Promise.all([...services, backend].map((nats) => nats.close()));
    }
  });
});

describe('a backend that reads events', () => {
  let consumer: NatsConnection;
  const filter = 'loyalty.events.v1.book-club.>';
  const subjects = ['earned', 'matured', 'expired'].map(
    (type) => `loyalty.events.v1.book-club.points.${type}`,
  );
  const nothing = { info: () => undefined, warn: () => undefined };

  beforeAll(async () => {
    const ledger = connectNats({ url: server.urlOf('ledger'), name: 'ledger', logger: nothing });
    const publisher = createPublisher(ledger);
    for (const subject of subjects)
      await publisher.publish({ subject, data: Buffer.from(subject) });
    await ledger.close();
    const { host, username, password } = new URL(server.urlOf('consumer'));
    consumer = await connect({ servers: host, user: username, pass: password });
  });
  afterAll(() => consumer.close());

  /** The subjects of the next messages. */
  async function read(from: Consumer, max_messages: number): Promise<string[]> {
    const read: string[] = [];
    for await (const message of await from.fetch({ max_messages, expires: 5_000 })) {
      read.push(message.subject);
      message.ack();
    }
    // Behind the acknowledgements.
    await consumer.flush();
    return read;
  }

  test('reads all of them with an ordered consumer', async () => {
    const ordered = await consumer
      .jetstream({ domain: 'loyalty' })
      .consumers.get('LOYALTY_EVENTS', { filterSubjects: filter });
    expect(await read(ordered, 3)).toEqual(subjects);
  });

  test('goes on with a durable one where it has acknowledged', async () => {
    const manager = await consumer.jetstreamManager({ domain: 'loyalty', checkAPI: false });
    const settings = {
      ...{ durable_name: 'shop', ack_policy: AckPolicy.Explicit },
      filter_subject: filter,
    };
    await manager.consumers.add('LOYALTY_EVENTS', settings);
    const durable = () =>
      consumer.jetstream({ domain: 'loyalty' }).consumers.get('LOYALTY_EVENTS', 'shop');
    expect(await read(await durable(), 2)).toEqual(subjects.slice(0, 2));
    expect(await read(await durable(), 1)).toEqual(subjects.slice(2));
    await eventually(async () => {
      const { num_ack_pending: pending } = await manager.consumers.info('LOYALTY_EVENTS', 'shop');
      expect(pending).toBe(0);
    });
  });

  test('can neither take nor change what the platform’s webhooks read', async () => {
    for (const subject of [
      '$JS.loyalty.API.CONSUMER.CREATE.LOYALTY_EVENTS.webhooks',
      '$JS.loyalty.API.CONSUMER.CREATE.LOYALTY_EVENTS.webhooks.loyalty.events.v1.>',
      '$JS.loyalty.API.CONSUMER.DELETE.LOYALTY_EVENTS.webhooks',
      '$JS.loyalty.API.CONSUMER.MSG.NEXT.LOYALTY_EVENTS.webhooks',
      '$JS.ACK.LOYALTY_EVENTS.webhooks.1.1.1.1.0',
    ]) {
      expect([subject, await mayPublish('consumer', subject)]).toEqual([subject, false]);
    }
  });

  test('can’t name the consumer of the webhooks where the subject names another', async () => {
    const manager = await consumer.jetstreamManager({ domain: 'loyalty', checkAPI: false });
    for (const config of [
      { durable_name: 'webhooks' },
      { name: 'webhooks' },
      { durable_name: 'webhooks', name: 'other' },
    ]) {
      const request = {
        stream_name: 'LOYALTY_EVENTS',
        config: { ack_policy: 'explicit', ...config },
      };
      await consumer.request(
        '$JS.loyalty.API.CONSUMER.CREATE.LOYALTY_EVENTS.other',
        JSON.stringify(request),
      );
      await expect(manager.consumers.info('LOYALTY_EVENTS', 'webhooks')).rejects.toThrow(
        'consumer not found',
      );
    }
  });

  test.each([
    'loyalty.events.v1.wine-dine.points.earned',
    'loyalty.earn.v1.wine-dine',
    'loyalty.refund.v1.wine-dine',
    '$JS.API.INFO',
    '$JS.API.STREAM.INFO.LOYALTY_EVENTS',
    '$JS.loyalty.API.INFO',
    '$JS.loyalty.API.STREAM.INFO.LOYALTY_IN',
    '$JS.loyalty.API.STREAM.MSG.GET.LOYALTY_EVENTS',
    '$JS.loyalty.API.STREAM.NAMES',
    '$JS.loyalty.API.CONSUMER.NAMES.LOYALTY_EVENTS',
    '$JS.loyalty.API.CONSUMER.CREATE.LOYALTY_EVENTS',
    '$JS.loyalty.API.CONSUMER.DURABLE.CREATE.LOYALTY_EVENTS.shop',
    '$JS.loyalty.API.CONSUMER.CREATE.LOYALTY_IN.shop',
    '$JS.loyalty.API.CONSUMER.MSG.NEXT.LOYALTY_IN.ledger-earns',
    '_INBOX.someone',
  ])('can’t publish on %s', async (subject) => {
    expect(await mayPublish('consumer', subject)).toBe(false);
  });
});

test('the configuration of a deployment is one that nats-server takes', async () => {
  const copy = join(directory, 'deployed');
  await cp(join(root, 'deploy/kubernetes/components/nats'), copy, { recursive: true });
  const file = join(copy, 'nats.conf');
  // A setting of 2.10; the server of this machine may be older.
  const settings = (await readFile(file, 'utf8')).replace('  sync_interval: always\n', '');
  await writeFile(file, settings);
  const passwords = natsUsers.map((user) => [`NATS_${user.toUpperCase()}_PASSWORD`, 'k0']);
  const env: Record<string, string> = Object.fromEntries(passwords);
  const run = promisify(execFile);
  const { stderr } = await run(await natsServerProgram(), ['--config', file, '-t'], { env });
  expect(stderr).toContain('is valid');
});
