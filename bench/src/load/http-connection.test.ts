import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Connection } from './connection.ts';
import { openHttpConnection } from './http-connection.ts';

const server = createServer((request, response) => {
  if (request.url === '/missing') response.statusCode = 404;
  response.end('x'.repeat(request.url === '/large' ? 300_000 : 3));
});
let connection: Connection;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  connection = await openHttpConnection(`127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  connection.close();
  server.close();
  server.closeAllConnections();
});

const get = (path: string) =>
  connection.call(Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));

test('calls on one connection resolve when their whole response is there', async () => {
  expect(await get('/small')).toBeUndefined();
  expect(await get('/large')).toBeUndefined();
  expect(await get('/small')).toBeUndefined();
});

test('another status is a failure', async () => {
  expect(await get('/missing')).toBe('status 404');
});

test('calls in progress fail when the connection is lost', async () => {
  const { port } = server.address() as AddressInfo;
  const lost = await openHttpConnection(`127.0.0.1:${port}`);
  const call = lost.call(Buffer.from('GET /unfinished'));
  server.closeAllConnections();
  await expect(call).rejects.toThrow('the connection was closed');
});
