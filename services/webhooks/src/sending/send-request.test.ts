import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestAuthority } from '@loyalty/local/test-certificates.ts';
import { type Address, checkedLookup, uncheckedLookup } from './checked-lookup.ts';
import { createSender } from './send-request.ts';

let server: Server;
let port: number;
const received: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    received.push(request.url ?? '');
    switch (request.url) {
      case '/hangs':
        return;
      case '/redirects':
        response.writeHead(302, { location: '/elsewhere' }).end();
        return;
      case '/busy':
        response.writeHead(503, { 'retry-after': '7' }).end();
        return;
      case '/endless': {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
        response.on('close', () => clearInterval(timer));
        return;
      }
      case '/slow-to-end':
        response.writeHead(200);
        response.write('a beginning');
        setTimeout(() => response.end(), 300);
        return;
      default:
        response.end('thanks');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const request = { headers: { 'webhook-id': '1' }, body: '{}', timeoutMs: 2_000 };
const urlOf = (path: string) => `http://127.0.0.1:${port}${path}`;

describe('for local use', () => {
  const send = createSender({ lookup: uncheckedLookup, allowsPrivate: true });

  test('a response is its status', async () => {
    expect(await send({ ...request, url: urlOf('/hook') })).toMatchObject({ status: 200 });
  });

  test('names of this machine are found', async () => {
    const url = `http://localhost:${port}/hook`;
    expect(await send({ ...request, url })).toMatchObject({ status: 200 });
  });

  test('a redirect is not followed', async () => {
    expect(await send({ ...request, url: urlOf('/redirects') })).toMatchObject({ status: 302 });
    expect(received).not.toContain('/elsewhere');
  });

  test('Retry-After comes with the status', async () => {
    const response = await send({ ...request, url: urlOf('/busy') });
    expect(response).toEqual({ status: 503, retryAfter: '7' });
  });

  test('an endpoint that hangs is given up', async () => {
    const sent = send({ ...request, url: urlOf('/hangs'), timeoutMs: 200 });
    await expect(sent).rejects.toThrow('no response within 0.2 s');
  });

  test('a request takes as long as its response', async () => {
    const began = performance.now();
    expect(await send({ ...request, url: urlOf('/slow-to-end') })).toMatchObject({ status: 200 });
    expect(performance.now() - began).toBeGreaterThan(250);
  });

  test('a response that does not end in time counts all the same', async () => {
    const sent = send({ ...request, url: urlOf('/slow-to-end'), timeoutMs: 200 });
    expect(await sent).toMatchObject({ status: 200 });
  });

  test('a response without end is cut off', async () => {
    expect(await send({ ...request, url: urlOf('/endless') })).toMatchObject({ status: 200 });
  });
});

describe('over TLS', () => {
  let secure: SecureServer;
  let ca: string;
  let url: string;
  beforeAll(async () => {
    const authority = await createTestAuthority('webhooks');
    ca = authority.ca;
    const { certificate: cert, key } = await authority.issue();
    secure = createSecureServer({ cert, key }, (_request, response) => response.end());
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    url = `https://localhost:${(secure.address() as AddressInfo).port}/hook`;
  });
  afterAll(async () => {
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
  });

  test('an endpoint with a certificate for its name is reached', async () => {
    const send = createSender({ lookup: uncheckedLookup, allowsPrivate: true, ca });
    expect(await send({ ...request, url })).toMatchObject({ status: 200 });
  });

  test('one whose certificate nobody knows is not', async () => {
    const send = createSender({ lookup: uncheckedLookup, allowsPrivate: true });
    await expect(send({ ...request, url })).rejects.toThrow('certificate');
  });
});

describe('with the checks of a deployment', () => {
  const noted = () => undefined;
  /** A name server that gives these answers, one after the other. */
  const answering = (...answers: Address[][]): LookupFunction => {
    const queue = answers.values();
    return checkedLookup(async () => queue.next().value ?? [], noted);
  };
  const good = { address: '93.184.216.34', family: 4 };
  const bad = { address: '127.0.0.1', family: 4 };

  test('an address in the URL is checked', async () => {
    const send = createSender({ lookup: answering(), allowsPrivate: false });
    const count = received.length;
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '0x7f.1', '169.254.169.254']) {
      const sent = send({ ...request, url: `https://${host}:${port}/hook` });
      await expect(sent).rejects.toThrow('is not a public address');
    }
    expect(received).toHaveLength(count);
  });

  test('http is refused', async () => {
    const send = createSender({ lookup: answering([good]), allowsPrivate: false });
    await expect(send({ ...request, url: 'http://shop.example/' })).rejects.toThrow('only https');
  });

  test('a name with one bad address among good ones is refused', async () => {
    const send = createSender({ lookup: answering([good, bad]), allowsPrivate: false });
    const sent = send({ ...request, url: `https://shop.example:${port}/hook` });
    await expect(sent).rejects.toThrow("the host has an address that isn't public");
  });

  test('a name that changes between two requests is refused at the second', async () => {
    const asked: string[] = [];
    const answers = [[{ address: '93.184.216.34', family: 4 }], [bad]];
    const lookup = checkedLookup(async (name) => {
      asked.push(name);
      return answers.shift() ?? [];
    }, noted);
    const send = createSender({ lookup, allowsPrivate: false });
    const url = `https://rebinding.example:${port}/hook`;
    // Nothing listens there, or nothing gets out of here: it isn't refused for its address.
    await expect(send({ ...request, url, timeoutMs: 200 })).rejects.not.toThrow("isn't public");
    await expect(send({ ...request, url })).rejects.toThrow("isn't public");
    // Once for each connection: what was checked is what was connected to.
    expect(asked).toEqual(['rebinding.example', 'rebinding.example']);
  });

  test('a name without addresses fails', async () => {
    const send = createSender({ lookup: answering([]), allowsPrivate: false });
    const sent = send({ ...request, url: 'https://shop.example/' });
    await expect(sent).rejects.toThrow('shop.example has no address');
  });
});
