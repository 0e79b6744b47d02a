import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { closeLingering } from './lingering-close.ts';

const mebibyte = 2 ** 20;
let server: Server;
const accepted: Socket[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('refused');
      closeLingering(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Sends so many bytes, as a client does that reads the response only then, and returns it. */
async function responseTo(bytes: number): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let response = '';
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (text: string) => {
    response += text;
  });
  socket.end(Buffer.alloc(bytes));
  await once(socket, 'close');
  return response;
}

const bytesRead = () => accepted.reduce((sum, socket) => sum + socket.bytesRead, 0);

test('a client that is still sending gets its response', async () => {
  expect(await responseTo(mebibyte)).toBe('refused');
});

test('what many send at once is not all read, and each gets its response', async () => {
  const before = bytesRead();
  const responses = await Promise.all(Array.from({ length: 60 }, () => responseTo(mebibyte)));
  expect(new Set(responses)).toEqual(new Set(['refused']));
  // 8 MiB in each second until the last has been cut off after two, and what each had sent before it was refused.
  expect(bytesRead() - before).toBeLessThan(40 * mebibyte);
});
