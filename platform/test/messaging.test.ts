import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type NatsServer, startNats } from '@loyalty/local/nats-server.ts';
import { StorageType } from 'nats';
import { pino } from 'pino';
import { connectNats, type Nats, type NatsOptions } from '../src/messaging/connection.ts';
import {
  type ConsumeOptions,
  consume,
  followLatest,
  type IncomingMessage,
  type Verdict,
} from '../src/messaging/consumer.ts';
import type { StreamOptions } from '../src/messaging/jetstream.ts';
import { createPublisher } from '../src/messaging/publisher.ts';
import { readStream } from '../src/messaging/read-stream.ts';
import { versionProblem } from '../src/messaging/server-version.ts';
import { type StreamSetup, setUpStreams } from '../src/messaging/set-up-streams.ts';
import { eventually } from './eventually.ts';

const logger = pino({ level: 'silent' });
const work: StreamOptions = { name: 'WORK', subjects: ['work.>'], retention: 'workqueue' };
const news: StreamOptions = { name: 'NEWS', subjects: ['news.>'], retention: 'limits' };
const streams = [work, news];

let directory: string;
let server: NatsServer;
let stopping: AbortController;
let opened: { nats: Nats; ends: Promise<void>[] };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'messaging-'));
  server = await startNats({ directory, streams });
  stopping = new AbortController();
  opened = { nats: open({}), ends: [] };
  await eventually('connected', () => opened.nats.isConnected());
});
afterEach(async () => {
  stopping.abort();
  await Promise.all(opened.ends);
  await opened.nats.close();
  await server.stop();
  await rm(directory, { recursive: true });
});

function open(options: Partial<NatsOptions>): Nats {
  return connectNats({
    url: server.url,
    name: 'messaging test',
    streams,
    recheckMs: 50,
    logger,
    ...options,
  });
}

async function setUp(wanted: readonly StreamOptions[]): Promise<StreamSetup[]> {
  return await setUpStreams(await opened.nats.connection(), wanted);
}

async function restart(): Promise<void> {
  const port = Number(new URL(server.url).port);
  await server.stop();
  await eventually('noticed', () => !opened.nats.isConnected());
  server = await startNats({ directory, port, streams });
  await eventually('connected again', () => opened.nats.isConnected());
}

async function publish(subject: string, text: string): Promise<void> {
  await createPublisher(opened.nats).publish({ subject, data: Buffer.from(text) });
}

const textOf = ({ data }: IncomingMessage) => Buffer.from(data).toString();

/** Consumes with `handle` in the background and returns what was handled. */
function consumeWork(
  handle: (message: IncomingMessage) => Verdict | Promise<Verdict>,
  options: Partial<ConsumeOptions> = {},
): string[] {
  const handled: string[] = [];
  const end = consume({
    nats: opened.nats,
    stream: 'WORK',
    durable: 'workers',
    filter: 'work.>',
    batch: 10,
    maxAckPending: 100,
    ackWaitMs: 2_000,
    signal: stopping.signal,
    logger,
    handle: async (message) => {
      const verdict = await handle(message);
      handled.push(textOf(message));
      return verdict;
    },
    ...options,
  });
  opened.ends.push(end);
  return handled;
}

/** Connects as the others do, and stops the consumers as soon as they have a connection, before they use it. */
function stoppedOnceConnected(): Nats {
  return {
    ...opened.nats,
    async connection(wait) {
      const connection = await opened.nats.connection(wait);
      stopping.abort();
      return connection;
    },
  };
}

async function waiting(): Promise<number> {
  const connection = await opened.nats.connection();
  const manager = await connection.jetstreamManager();
  return (await manager.streams.info('WORK')).state.messages;
}

describe('publishing', () => {
  test('answers once the stream has the message, and drops one with the same id', async () => {
    const publisher = createPublisher(opened.nats);
    const message = { subject: 'news.a', data: Buffer.from('x'), messageId: 'event-1' };
    expect(await publisher.publish(message)).toEqual({ sequence: 1, duplicate: false });
    expect(await publisher.publish(message)).toEqual({ sequence: 1, duplicate: true });
    expect(await publisher.publish({ ...message, messageId: 'event-2' })).toEqual({
      sequence: 2,
      duplicate: false,
    });
  });

  test('on a subject that no stream keeps is refused instead of lost', async () => {
    await expect(publish('nowhere.a', 'x')).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
  });

  test('while there is no server is unavailable', async () => {
    await server.stop();
    const publisher = createPublisher(opened.nats, { timeoutMs: 200 });
    const message = { subject: 'news.a', data: Buffer.from('x') };
    await expect(publisher.publish(message)).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
    server = await startNats({ directory, port: Number(new URL(server.url).port), streams });
  });

  test('is refused when the message is larger than the server takes', async () => {
    await expect(publish('news.a', 'x'.repeat(2 ** 21))).rejects.toMatchObject({
      code: 'MAX_PAYLOAD_EXCEEDED',
    });
  });

  test('is refused when a header would begin another one', async () => {
    const publisher = createPublisher(opened.nats);
    const headers = { 'ce-actor': 'mallory\r\nNats-Msg-Id: event-1' };
    const data = Buffer.from('x');
    await expect(publisher.publish({ subject: 'news.a', data, headers })).rejects.toThrow(
      'a header must not have line breaks',
    );
  });
});

describe('a connection', () => {
  test('waits for a server that is started later', async () => {
    const port = Number(new URL(server.url).port);
    await server.stop();
    const early = open({});
    await expect(early.connection({ timeoutMs: 50 })).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
    expect(early.isConnected()).toBe(false);
    server = await startNats({ directory, port, streams });
    await eventually('connected', () => early.isConnected());
    await early.close();
  });

  test('that is closed while there is no server ends its attempts', async () => {
    await server.stop();
    const late = open({});
    const waiter = late.connection();
    await late.close();
    await expect(waiter).rejects.toMatchObject({ reason: 'STORAGE_UNAVAILABLE' });
    server = await startNats({ directory, streams });
  });

  test('logs in with the credentials of its URL, and goes on trying with wrong ones', async () => {
    await server.stop();
    server = await startNats({ directory, streams, user: { name: 'me', password: 'p@ss' } });
    const [right, wrong] = [open({}), open({ password: 'wrong' })];
    await eventually('connected', () => right.isConnected());
    expect(wrong.isConnected()).toBe(false);
    await Promise.all([right.close(), wrong.close()]);
  });

  test('to tls:// is never made in the clear', async () => {
    const confidential = open({ url: server.url.replace('nats://', 'tls://') });
    await expect(confidential.connection({ timeoutMs: 1_000 })).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
    await confidential.close();
  });

  test('is not usable while a stream is missing, names the command that makes it, and notices that it is made', async () => {
    const manager = await (await opened.nats.connection()).jetstreamManager();
    await manager.streams.delete('NEWS');
    await eventually('noticed', () => !opened.nats.isConnected());
    expect(opened.nats.streamProblem()?.message).toBe(
      'stream NEWS is missing; run: loyalty nats setup',
    );
    await setUp([news]);
    await eventually('usable', () => opened.nats.isConnected());
    expect(opened.nats.streamProblem()).toBeUndefined();
    await expect(publish('news.a', 'x')).resolves.toBeUndefined();
  });

  test('is not usable with a stream that lacks a subject, or is of another kind, and changes neither', async () => {
    const manager = await (await opened.nats.connection()).jetstreamManager();
    const lacking = open({ streams: [{ ...news, subjects: ['news.>', 'gossip.>'] }] });
    const mistaken = open({ streams: [{ ...news, retention: 'workqueue' }] });
    await eventually('noticed', () =>
      [mistaken, lacking].every((nats) => nats.streamProblem() !== undefined),
    );
    expect(lacking.streamProblem()?.message).toBe(
      'stream NEWS lacks the subjects gossip.>; run: loyalty nats setup',
    );
    expect(mistaken.streamProblem()?.message).toBe(
      'stream NEWS has retention "limits" instead of "workqueue"; run: loyalty nats setup',
    );
    expect(mistaken.isConnected()).toBe(false);
    expect((await manager.streams.info('NEWS')).config.subjects).toEqual(['news.>']);
    await Promise.all([lacking.close(), mistaken.close()]);
  });

  test('is not usable with a stream that is kept in memory, where a restart of the server would lose it', async () => {
    const manager = await (await opened.nats.connection()).jetstreamManager();
    await manager.streams.add({
      name: 'RUMORS',
      subjects: ['rumors.>'],
      storage: StorageType.Memory,
    });
    const rumors: StreamOptions = { name: 'RUMORS', subjects: ['rumors.>'], retention: 'limits' };
    const forgetful = open({ streams: [rumors] });
    await eventually('noticed', () => forgetful.streamProblem() !== undefined);
    expect(forgetful.isConnected()).toBe(false);
    expect(forgetful.streamProblem()?.message).toBe(
      'stream RUMORS has storage "memory" instead of "file"; run: loyalty nats setup',
    );
    await expect(setUp([rumors])).rejects.toMatchObject({ name: 'StreamRefused' });
    await forgetful.close();
  });

  test('says once that the server is older than the platform needs', async () => {
    const warnings: string[] = [];
    const warn = (_details: unknown, message = '') => void warnings.push(message);
    const noted = open({ logger: { info: () => undefined, warn } });
    const { info } = await noted.connection();
    await eventually('connected', () => noted.isConnected());
    const problem = versionProblem(info?.version ?? '');
    expect(warnings).toEqual(problem === undefined ? [] : [problem]);
    await noted.close();
  });
});

describe('setting up streams', () => {
  test('creates those that are missing, and repeated changes nothing', async () => {
    const added: StreamOptions = { name: 'ADDED', subjects: ['added.>'], retention: 'limits' };
    const [first, second] = [await setUp([news, added]), await setUp([news, added])];
    expect(first.map(({ outcome }) => outcome)).toEqual(['unchanged', 'created']);
    expect(second.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
  });

  test('adds a subject to a stream, and leaves alone what its operators chose', async () => {
    const manager = await (await opened.nats.connection()).jetstreamManager();
    const { config } = await manager.streams.info('NEWS');
    await manager.streams.update('NEWS', { ...config, max_msgs: 7 });
    const [{ outcome } = {}] = await setUp([{ ...news, subjects: ['news.>', 'gossip.>'] }]);
    expect(outcome).toBe('changed');
    const after = (await manager.streams.info('NEWS')).config;
    expect(after.subjects).toEqual(['news.>', 'gossip.>']);
    expect(after.max_msgs).toBe(7);
  });

  test.each<[string, Partial<StreamOptions>]>([
    [
      'stream NEWS has retention "limits" instead of "workqueue", which can\'t be changed: move its messages away, delete it, and repeat the setup',
      { retention: 'workqueue' },
    ],
    [
      'stream NEWS: the server refuses it: subjects overlap with an existing stream',
      { subjects: ['news.>', 'work.>'] },
    ],
  ])('refuses: %s', async (message, change) => {
    await expect(setUp([{ ...news, ...change }])).rejects.toMatchObject({
      name: 'StreamRefused',
      message,
    });
  });
});

describe('consuming', () => {
  test('hands over a message with its headers and removes it from the queue', async () => {
    const messages: IncomingMessage[] = [];
    consumeWork((message) => {
      messages.push(message);
      return 'ack';
    });
    await createPublisher(opened.nats).publish({
      subject: 'work.a',
      data: Buffer.from('hello'),
      headers: { 'Content-Type': 'application/json' },
    });
    await eventually('acknowledged', async () => messages.length > 0 && (await waiting()) === 0);
    const [message] = messages;
    expect(message).toMatchObject({ subject: 'work.a', sequence: 1, deliveries: 1 });
    expect(message?.header('content-type')).toBe('application/json');
    expect(message?.header('absent')).toBeUndefined();
    expect(Math.abs(Date.now() - (message?.storeTime.getTime() ?? 0))).toBeLessThan(60_000);
  });

  test('handles up to a batch at the same time, and no more', async () => {
    let now = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const handled = consumeWork(async (): Promise<Verdict> => {
      now += 1;
      most = Math.max(most, now);
      await gate.promise;
      now -= 1;
      return 'ack';
    });
    for (let i = 0; i < 25; i++) await publish('work.a', String(i));
    await eventually('a full batch', () => now === 10);
    gate.resolve();
    await eventually('all handled', () => handled.length === 25);
    expect(most).toBe(10);
    await eventually('all acknowledged', async () => (await waiting()) === 0);
  });

  test('brings a message again that was put off or whose handler failed', async () => {
    const deliveries: number[] = [];
    consumeWork(({ deliveries: count }) => {
      deliveries.push(count);
      if (count === 1) return { nakAfterMs: 10 };
      if (count === 2) throw new Error('a bug');
      return 'ack';
    });
    await publish('work.a', 'x');
    await eventually('acknowledged', async () => (await waiting()) === 0);
    expect(deliveries).toEqual([1, 2, 3]);
  });

  test('gives up a message that was terminated', async () => {
    const handled = consumeWork(() => 'term', { ackWaitMs: 100 });
    await publish('work.a', 'x');
    await eventually('gone', async () => handled.length === 1 && (await waiting()) === 0);
    expect(handled).toEqual(['x']);
  });

  test('finishes what it is at when it is stopped, and gives the rest back at once', async () => {
    const gate = Promise.withResolvers<void>();
    let started = 0;
    const options = { batch: 2, ackWaitMs: 60_000 };
    const handled = consumeWork(async (): Promise<Verdict> => {
      started += 1;
      await gate.promise;
      return 'ack';
    }, options);
    for (let i = 0; i < 6; i++) await publish('work.a', String(i));
    await eventually('two at work', () => started === 2);
    stopping.abort();
    gate.resolve();
    await Promise.all(opened.ends);
    expect(handled).toEqual(['0', '1']);

    stopping = new AbortController();
    const others = consumeWork(() => 'ack', options);
    await eventually('the others take over', () => others.length === 4);
    await eventually('nothing is left', async () => (await waiting()) === 0);
  });

  test('ends when it is stopped while it is still beginning', async () => {
    consumeWork(() => 'ack', { nats: stoppedOnceConnected() });
    await expect(Promise.all(opened.ends)).resolves.toEqual([undefined]);
  });

  test('goes on after the server was away', async () => {
    const handled = consumeWork(() => 'ack');
    await publish('work.a', 'before');
    await eventually('handled', () => handled.includes('before'));
    await restart();
    await publish('work.a', 'after');
    await eventually('handled', () => handled.includes('after'));
  });

  test.each(['the consumer', 'the stream'])('goes on after %s was deleted', async (what) => {
    const handled = consumeWork(() => 'ack');
    await publish('work.a', 'before');
    await eventually('handled', () => handled.includes('before'));
    const manager = await (await opened.nats.connection()).jetstreamManager();
    if (what === 'the consumer') await manager.consumers.delete('WORK', 'workers');
    else {
      await manager.streams.delete('WORK');
      await setUp([work]);
    }
    await eventually('published again', async () => {
      await publish('work.a', 'after').catch(() => undefined);
      return handled.includes('after');
    });
  });

  test('takes over changed options of the durable consumer', async () => {
    const manager = await (await opened.nats.connection()).jetstreamManager();
    const handled = consumeWork(() => 'ack');
    await publish('work.a', '1');
    await eventually('handled', () => handled.length === 1);
    stopping.abort();
    await Promise.all(opened.ends);
    stopping = new AbortController();
    consumeWork(() => 'ack', { maxAckPending: 7 });
    await eventually('changed', async () => {
      const { config } = await manager.consumers.info('WORK', 'workers');
      return config.max_ack_pending === 7;
    });
  });
});

describe('following', () => {
  function follow(handle: (message: IncomingMessage) => void, nats = opened.nats): void {
    const options = { nats, stream: 'NEWS', filter: 'news.>', logger };
    opened.ends.push(
      followLatest({
        ...options,
        signal: stopping.signal,
        handle: async (message) => handle(message),
      }),
    );
  }

  test('begins with the last message of each subject and goes on in order', async () => {
    for (const [subject, text] of ['a1', 'b1', 'a2'].map((text) => [`news.${text[0]}`, text])) {
      await publish(subject ?? '', text ?? '');
    }
    const seen: string[] = [];
    follow((message) => void seen.push(textOf(message)));
    await eventually('the last ones', () => seen.length === 2);
    await publish('news.b', 'b2');
    await publish('news.b', 'b3');
    await eventually('the new ones', () => seen.length === 4);
    expect(seen).toEqual(['b1', 'a2', 'b2', 'b3']);
  });

  test('shows a message again whose handler failed', async () => {
    const seen: string[] = [];
    follow((message) => {
      seen.push(textOf(message));
      if (seen.length === 1) throw new Error('the database is away');
    });
    await publish('news.a', 'a1');
    await eventually('again', () => seen.length === 2);
    expect(seen).toEqual(['a1', 'a1']);
  });

  test('ends when it is stopped while it is still beginning', async () => {
    follow(() => undefined, stoppedOnceConnected());
    await expect(Promise.all(opened.ends)).resolves.toEqual([undefined]);
  });

  test('goes on after the server was away', async () => {
    const seen: string[] = [];
    follow((message) => void seen.push(textOf(message)));
    await publish('news.a', 'before');
    await eventually('seen', () => seen.includes('before'));
    await restart();
    await publish('news.a', 'after');
    await eventually('seen', () => seen.includes('after'));
  });
});

describe('readStream', () => {
  const read = async () => {
    const seen: string[] = [];
    const { completeSince } = await readStream({
      nats: opened.nats,
      stream: 'NEWS',
      handle: ({ sequence, subject, header }) =>
        seen.push(`${sequence} ${subject} ${header('CE-ID')}`),
    });
    return { seen, completeSince };
  };

  test('reads all that a stream holds, and tells since when it has forgotten nothing', async () => {
    const { seen, completeSince: created } = await read();
    expect(seen).toEqual([]);
    const publisher = createPublisher(opened.nats);
    for (const id of ['a', 'b', 'c']) {
      const headers = { 'ce-id': id };
      await publisher.publish({ subject: `news.${id}`, data: Buffer.from(id), headers });
    }
    expect(await read()).toEqual({
      seen: ['1 news.a a', '2 news.b b', '3 news.c c'],
      completeSince: created,
    });

    const manager = await (await opened.nats.connection()).jetstreamManager();
    await manager.streams.purge('NEWS', { seq: 3 });
    const { seen: left, completeSince } = await read();
    expect(left).toEqual(['3 news.c c']);
    expect(completeSince.getTime()).toBeGreaterThan(created.getTime());
  });
});
