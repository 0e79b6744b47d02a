import { execFile } from 'node:child_process';
import { mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from '@loyalty/local/test-certificates.ts';
import { createLogger } from '../src/logging.ts';
import { defaultCallerLimits } from '../src/rpc/caller-limits.ts';
import { type Client, createClient } from '../src/rpc/client.ts';
import type { RpcServerOptions } from '../src/rpc/server.ts';
import { type CertificateWatch, watchCertificates } from '../src/tls/certificates.ts';
import { grpcChannelCredentials } from '../src/tls/grpc-credentials.ts';
import type { CertificateFiles } from '../src/tls/tls-config.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';
import type { noteService } from './note-service.ts';

const refreshMs = 20;
/** How a client sees that the server has ended the handshake: it depends on what it was doing then. */
const refusal = /alert|hang up|closed|ECONNRESET|EPIPE/;
const token = await tokenFor('checkout', ['service']);

let authority: TestAuthority;
let otherAuthority: TestAuthority;
let identity: TestCertificate;
let renewed: TestCertificate;
let gateway: TestCertificate;
let stranger: TestCertificate;
/** With a key that OpenSSL refuses to use. */
let weak: TestCertificate;

beforeAll(async () => {
  authority = await createTestAuthority('platform');
  otherAuthority = await createTestAuthority('other');
  identity = await authority.issue();
  renewed = await authority.issue();
  gateway = await authority.issue([
    { type: 'dns', value: 'gateway' },
    { type: 'url', value: 'spiffe://cluster/gateway' },
  ]);
  stranger = await otherAuthority.issue();
  const shortKeys = await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 1024,
      publicExponent: Uint8Array.of(1, 0, 1),
    },
    true,
    ['sign', 'verify'],
  );
  weak = await authority.issue(undefined, shortKeys);
});

let directory: string;
const ends: (() => unknown)[] = [];
/** What the watches have logged. */
const lines: Record<string, unknown>[] = [];
const logger = createLogger({
  name: 'tls-test',
  level: 'info',
  destination: new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as Record<string, unknown>);
      done();
    },
  }),
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'loyalty-tls-'));
  lines.length = 0;
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await rm(directory, { recursive: true });
});
async function write(name: string, text: string): Promise<void> {
  // As Kubernetes does: at no time is a file half there.
  await writeFile(join(directory, `${name}.new`), text);
  await rename(join(directory, `${name}.new`), join(directory, name));
}

async function files(
  name: string,
  certificate: TestCertificate | undefined,
  ca: string | undefined,
): Promise<CertificateFiles> {
  const file = async (kind: string, text: string) => {
    await write(`${name}.${kind}`, text);
    return { setting: `TEST_${kind.toUpperCase()}_FILE`, path: join(directory, `${name}.${kind}`) };
  };
  return {
    identity: certificate && {
      certificate: await file('certificate', certificate.certificate),
      key: await file('key', certificate.key),
    },
    ca: ca === undefined ? undefined : await file('ca', ca),
  };
}

async function watch(...args: Parameters<typeof files>): Promise<CertificateWatch> {
  const opened = await watchCertificates(await files(...args), { logger, refreshMs });
  ends.push(() => opened.close());
  return opened;
}

async function started(
  tls: CertificateWatch,
  options: Partial<RpcServerOptions> = {},
): Promise<NoteServer> {
  const server = await startNoteServer({}, { tls, ...options });
  ends.push(() => server.stop());
  return server;
}

type Notes = Client<ReturnType<typeof noteService>>;

/** A gRPC client with its own connections. */
async function grpcClient(
  server: NoteServer,
  certificate: TestCertificate | undefined,
  ca: string,
): Promise<Notes> {
  const credentials = grpcChannelCredentials(await watch(`client-${ends.length}`, certificate, ca));
  return createClient(server.service, server.channel({ credentials })) as Notes;
}

const write1 = (notes: Notes) =>
  notes['writeNote']?.({ userId: 'alice', text: 'hello' }, { token });

interface HttpsClient {
  readonly certificate?: TestCertificate;
  readonly ca: string;
}

function overHttps(server: NoteServer, { certificate, ca }: HttpsClient): Promise<IncomingMessage> {
  const { port } = new URL(server.httpUrl);
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        ca,
        cert: certificate?.certificate,
        key: certificate?.key,
        agent: false,
        method: 'POST',
        path: '/note.v1.NoteService/WriteNote',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (response) => resolve(response.resume()),
    );
    request.on('error', reject);
    request.end('{"userId":"alice","text":"hello"}');
  });
}

function overHttp2(server: NoteServer, { certificate, ca }: HttpsClient): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(server.httpUrl.replace('http:', 'https:'), {
      ca,
      cert: certificate?.certificate,
      key: certificate?.key,
    });
    ends.push(() => session.destroy());
    session.on('error', reject);
    // The server's refusal arrives when the client takes the handshake for done.
    session.on('close', () => reject(new Error('the connection was closed')));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/note.v1.NoteService/WriteNote',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    });
    stream.on('error', reject);
    stream.on('response', (headers) => resolve(Number(headers[':status'])));
    stream.end('{"userId":"alice","text":"hello"}');
  });
}

describe('with a certificate', () => {
  test('the ports serve clients who trust its CA, in each protocol', async () => {
    const server = await started(await watch('server', identity, undefined));
    const client = await grpcClient(server, undefined, authority.ca);
    expect(await write1(client)).toMatchObject({ text: 'hello' });
    expect((await overHttps(server, { ca: authority.ca })).statusCode).toBe(200);
    expect(await overHttp2(server, { ca: authority.ca })).toBe(200);
  });

  test('clients who trust another CA do not call', async () => {
    const server = await started(await watch('server', identity, undefined));
    const client = await grpcClient(server, undefined, otherAuthority.ca);
    await expect(write1(client)).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    await expect(overHttps(server, { ca: otherAuthority.ca })).rejects.toThrow('certificate');
  });

  test('clients without TLS are refused', async () => {
    const server = await started(await watch('server', identity, undefined));
    const plain = createClient(server.service, server.channel()) as Notes;
    await expect(write1(plain)).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    await expect(fetch(`${server.httpUrl}/`)).rejects.toThrow('fetch failed');
    expect(
      await new Promise((resolve, reject) => {
        httpRequest(`${server.managementUrl}/livez`, ({ statusCode }) => resolve(statusCode))
          .on('error', reject)
          .end();
      }),
    ).toBe(200);
  });

  test.each(['gRPC', 'HTTP'])(
    'a connection to the %s port that never ends its handshake is closed',
    async (port) => {
      const server = await started(await watch('server', identity, undefined), {
        limits: { requestArrivalMsMax: 300 },
      });
      const address = port === 'gRPC' ? server.grpcAddress : new URL(server.httpUrl).host;
      const socket = connectTcp(Number(address.split(':')[1]), '127.0.0.1');
      ends.push(() => socket.destroy());
      socket.on('error', () => undefined);
      let isClosed = false;
      socket.once('close', () => {
        isClosed = true;
      });
      // The header of a record that doesn't come.
      socket.write(Buffer.of(0x16, 3, 1, 2, 0));
      socket.resume();
      await eventually('closed', () => isClosed);
    },
  );

  test('a connection that never begins TLS does not hold up the stop', async () => {
    const server = await started(await watch('server', identity, undefined));
    const { port } = new URL(server.httpUrl);
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await server.stop(100);
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe('with a CA of clients', () => {
  test('only those with a certificate of that CA call', async () => {
    const server = await started(await watch('server', identity, authority.ca));
    const good = { certificate: gateway, ca: authority.ca };
    expect(await write1(await grpcClient(server, gateway, authority.ca))).toMatchObject({
      text: 'hello',
    });
    expect((await overHttps(server, good)).statusCode).toBe(200);
    expect(await overHttp2(server, good)).toBe(200);
    for (const certificate of [undefined, stranger]) {
      const client = await grpcClient(server, certificate, authority.ca);
      await expect(write1(client)).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
      const bad = { ...(certificate && { certificate }), ca: authority.ca };
      await expect(overHttps(server, bad)).rejects.toThrow(refusal);
      await expect(overHttp2(server, bad)).rejects.toThrow(refusal);
    }
  });

  test.each(['gateway', 'spiffe://cluster/gateway'])(
    'who comes by way of the certificate of %s is not counted again',
    async (name) => {
      const server = await started(await watch('server', identity, authority.ca), {
        trustedCallers: [name],
        callerLimits: {
          ...defaultCallerLimits,
          backend: {
            ...defaultCallerLimits.backend,
            rate: { callsPerSecond: 0.001, burst: 1 },
          },
        },
      });
      const trusted = await grpcClient(server, gateway, authority.ca);
      for (let count = 0; count < 5; count++) await write1(trusted);
      const viaGateway = { certificate: gateway, ca: authority.ca };
      expect((await overHttps(server, viaGateway)).statusCode).toBe(200);
      expect(await overHttp2(server, viaGateway)).toBe(200);
      const other = { certificate: identity, ca: authority.ca };
      expect((await overHttps(server, other)).statusCode).toBe(200);
      expect((await overHttps(server, other)).statusCode).toBe(429);
      expect(await overHttp2(server, other)).toBe(429);
      await expect(write1(await grpcClient(server, identity, authority.ca))).rejects.toMatchObject({
        reason: 'RATE_LIMITED',
      });
    },
  );
});

describe('certificates are replaced', () => {
  const keyIs = ({ current }: CertificateWatch, { key }: TestCertificate) =>
    current.identity?.key.toString() === key;
  const caIs = ({ current }: CertificateWatch, ca: string) =>
    current.ca?.toString().replaceAll('\n', '') === ca.replaceAll('\n', '');
  const shownBy = async (server: NoteServer) => {
    const response = await overHttps(server, { certificate: gateway, ca: authority.ca });
    return response.statusCode;
  };

  test('on both sides while a client keeps calling, without a failed call', async () => {
    const tls = await watch('server', identity, authority.ca);
    const server = await started(tls, {
      // Each connection lives a moment, so that many begin while the certificates change.
      limits: { connectionAgeMsMax: 50 },
    });
    const clientWatch = await watch('client', gateway, authority.ca);
    const credentials = grpcChannelCredentials(clientWatch);
    const notes = createClient(server.service, server.channel({ credentials })) as Notes;
    let isOver = false;
    let calls = 0;
    const calling = (async () => {
      while (!isOver) {
        await write1(notes);
        calls += 1;
        expect(await shownBy(server)).toBe(200);
      }
    })();
    const both = authority.ca + otherAuthority.ca;
    const newIdentity = await otherAuthority.issue();
    const newClient = await otherAuthority.issue();
    const inForce = (what: string, condition: () => boolean) =>
      Promise.race([eventually(what, condition), calling]);
    const moreCalls = async () => {
      const before = calls;
      await inForce('more calls', () => calls > before + 10);
    };
    // First trust both CAs, then show what the new one has issued, then trust only that.
    await write('server.ca', both);
    await write('client.ca', both);
    await inForce('both CAs', () => caIs(tls, both) && caIs(clientWatch, both));
    await moreCalls();
    await write('client.key', newClient.key);
    await write('client.certificate', newClient.certificate);
    await write('server.certificate', renewed.certificate);
    await write('server.key', renewed.key);
    await inForce('the renewed one', () => keyIs(tls, renewed));
    await moreCalls();
    await inForce('the client', () => keyIs(clientWatch, newClient));
    isOver = true;
    await calling;
    await write('server.certificate', newIdentity.certificate);
    await write('server.key', newIdentity.key);
    await write('server.ca', otherAuthority.ca);
    await write('client.ca', otherAuthority.ca);
    await eventually(
      'the new CA',
      () =>
        caIs(tls, otherAuthority.ca) &&
        caIs(clientWatch, otherAuthority.ca) &&
        keyIs(tls, newIdentity),
    );
    expect(await write1(await grpcClient(server, newClient, otherAuthority.ca))).toMatchObject({
      text: 'hello',
    });
    await expect(shownBy(server)).rejects.toThrow('self-signed certificate');
  });

  test.each<[string, (good: TestCertificate, next: TestCertificate) => Record<string, string>]>([
    [
      'a certificate that is half written',
      (good) => ({ certificate: good.certificate.slice(0, 300) }),
    ],
    ['an empty file', () => ({ certificate: '' })],
    [
      'a chain whose end is cut off',
      (good) => ({ certificate: good.certificate + good.certificate.slice(0, 300) }),
    ],
    [
      'what is no certificate',
      (good) => ({ certificate: good.certificate.replaceAll(/[a-z]/g, 'A') }),
    ],
    [
      'a certificate whose key is not there yet',
      (_good, next) => ({ certificate: next.certificate }),
    ],
    ['a certificate whose key is too short', () => ({ ...weak })],
    ['half a key', (good) => ({ key: good.key.slice(0, 100) })],
    ['a CA that is cut off', () => ({ ca: authority.ca + authority.ca.slice(0, 300) })],
  ])('but not by %s, which is logged once', async (_case, change) => {
    const tls = await watch('server', identity, authority.ca);
    const server = await started(tls);
    const before = { ...tls.current };
    const changed = change(identity, renewed);
    for (const [kind, text] of Object.entries(changed)) await write(`server.${kind}`, text);
    await eventually('it is logged', () => lines.length > 0);
    // Long enough for the files to be read a few more times.
    for (let count = 0; count < 20; count++) expect(await shownBy(server)).toBe(200);
    // Two if the files were also read between one being written and the next.
    const problems = lines.map(({ level, problem }) => `${level} ${problem}`);
    expect(problems.every((problem) => /^warn .*TEST_/.test(problem))).toBe(true);
    expect(new Set(problems).size).toBe(problems.length);
    expect(problems.slice(Object.keys(changed).length)).toEqual([]);
    expect(tls.current).toEqual(before);
    // And what is whole again comes into force.
    await write('server.key', renewed.key);
    await write('server.certificate', renewed.certificate);
    await write('server.ca', authority.ca);
    await eventually('renewed', () => keyIs(tls, renewed));
    expect(await shownBy(server)).toBe(200);
  });
});

test('a watch that is closed while it reads says nothing of what it has read', async () => {
  const tls = await watch('server', identity, authority.ca);
  const pipe = join(directory, 'pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  await rename(pipe, join(directory, 'server.ca'));
  // Opens when the other end is opened for reading.
  const file = await open(join(directory, 'server.ca'), 'w');
  tls.close();
  await file.writeFile('text');
  await file.close();
  // Long enough for it to be read.
  await delay(100);
  expect(lines).toEqual([]);
});

describe('at start, the setting is named', () => {
  test('of a file that is not there', async () => {
    const { identity: own } = await files('server', identity, undefined);
    const ca = { setting: 'TEST_CA_FILE', path: join(directory, 'not-there') };
    await expect(watchCertificates({ identity: own, ca }, { logger, refreshMs })).rejects.toThrow(
      "TEST_CA_FILE names a file that can't be read (ENOENT)",
    );
  });

  test.each([
    ['TEST_CERTIFICATE_FILE names a file without complete certificates', { certificate: 'text' }],
    ['TEST_KEY_FILE names a file without a complete private key', { key: 'text' }],
  ])('%s', async (message, change) => {
    const bad = await files('server', { ...identity, ...change }, undefined);
    await expect(watchCertificates(bad, { logger, refreshMs })).rejects.toThrow(message);
  });

  test('of the key of another certificate', async () => {
    const bad = await files('server', { ...identity, key: renewed.key }, undefined);
    await expect(watchCertificates(bad, { logger, refreshMs })).rejects.toThrow(
      'TEST_KEY_FILE names the key of another certificate; give that of TEST_CERTIFICATE_FILE',
    );
  });
});
