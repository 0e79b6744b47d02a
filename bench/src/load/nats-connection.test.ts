import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from './connection.ts';
import { natsMessage, openNatsConnection } from './nats-connection.ts';

const eventSubject = 'loyalty.events.v1.bench.points.earned';
const prefix = 'stream:1:';
let server: ReturnType<typeof createServer>;
let peer: Socket;
let received = '';
let connection: Connection;

// A nats-server, as far as a client sees it.
beforeAll(async () => {
  server = createServer((socket) => {
    peer = socket.on('data', (chunk) => {
      received += chunk.toString();
      if (chunk.toString().endsWith('PING\r\n')) socket.write('PONG\r\n');
    });
    socket.write('INFO {}\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  connection = await openNatsConnection({ address, eventSubject, prefix });
});
afterAll(() => {
  connection.close();
  server.close();
});

function messageFor(id: string): Buffer {
  const headers = { 'content-type': 'application/protobuf' };
  return natsMessage({ subject: 'loyalty.earn.v1.bench', headers, data: Buffer.from(id) });
}

function eventFor(id: string): string {
  const payload = `NATS/1.0\r\nce-type: x\r\n\r\nentry ${id} points`;
  return `HMSG ${eventSubject} 1 27 ${payload.length}\r\n${payload}\r\n`;
}

test('it subscribes to the events before the first message', () => {
  expect(received).toContain(`SUB ${eventSubject} 1\r\n`);
});

test('a message says how long it and its headers are', () => {
  expect(messageFor('hello').toString()).toBe(
    'HPUB loyalty.earn.v1.bench 48 53\r\nNATS/1.0\r\ncontent-type: application/protobuf\r\n\r\nhello\r\n',
  );
});

test('a call resolves when the event of its own message arrives, in whatever order and pieces', async () => {
  const [first, second] = [`${prefix}0000000001`, `${prefix}0000000002`];
  const order: string[] = [];
  const calls = [first, second].map((id) =>
    connection.call(messageFor(id)).then(() => order.push(id)),
  );
  const text = `${eventFor('joined')}PING\r\n${eventFor(second)}${eventFor(first)}`;
  for (const piece of text.match(/.{1,50}/gs) ?? []) {
    peer.write(piece);
    await new Promise(setImmediate);
  }
  await Promise.all(calls);
  expect(order).toEqual([second, first]);
});

test('a refused message fails all calls', async () => {
  const call = connection.call(messageFor(`${prefix}0000000003`));
  peer.write("-ERR 'Permissions Violation'\r\n");
  await expect(call).rejects.toThrow("nats-server says -ERR 'Permissions Violation'");
});
