import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import {
  Access_Own as Own,
  Access_Role as Role,
} from '@loyalty/proto/loyalty/options/v1/access_pb.ts';
import { Registry } from 'prom-client';
import { createLogger } from '../src/logging.ts';
import { createClient } from '../src/rpc/client.ts';
import type { Mountable } from '../src/rpc/handler.ts';
import type { RpcLimits } from '../src/rpc/limits.ts';
import { createRpcServer } from '../src/rpc/server.ts';
import { eventually } from './eventually.ts';
import { type NoteServer, startNoteServer, testTokens, tokenFor } from './note-server.ts';
import { type MethodRule, type Note, noteService } from './note-service.ts';

type Calls = Record<
  'writeNote' | 'readNote',
  (note: Partial<Note>, options: object) => Promise<Note>
>;

function callsOf(server: NoteServer, address?: string): Calls {
  const channel = server.channel(address === undefined ? {} : { address });
  return createClient(server.service, channel) as unknown as Calls;
}

const token = await tokenFor('checkout', ['service']);

describe('a server is not made', () => {
  const echo = (note: unknown) => Promise.resolve(note as object);

  function make(rule: Omit<MethodRule, 'name'>, handlers: object = { doIt: echo }) {
    const service = noteService([{ name: 'DoIt', ...rule }]);
    return () =>
      createRpcServer({
        name: 'notes',
        logger: createLogger({ name: 'notes', level: 'silent' }),
        verifier: testTokens,
        services: [{ service, handlers: handlers as Mountable['handlers'] }],
        grpc: { host: '127.0.0.1', port: 0 },
        http: { host: '127.0.0.1', port: 0 },
        management: { host: '127.0.0.1', port: 0 },
        readiness: () => Promise.resolve(),
        defaultDeadlineMs: 1000,
        metrics: new Registry(),
      });
  }

  test.each<[string, Omit<MethodRule, 'name'>, object | undefined, string]>([
    ['without an access rule', {}, undefined, 'access'],
    ["without a rule on a member's own", { roles: [Role.MEMBER] }, undefined, 'own'],
    ['without its handler', { roles: [Role.ADMIN] }, {}, 'handler'],
    ['that streams', { roles: [Role.ADMIN], serverStreaming: true }, undefined, 'unary'],
  ])('with a method %s, which is named', (_case, rule, handlers, problem) => {
    expect(make(rule, handlers)).toThrow(/note\.v1\.NoteService\/DoIt/);
    expect(make(rule, handlers)).toThrow(problem);
  });

  test('but is with a method that has all of it', () => {
    expect(make({ roles: [Role.MEMBER], own: Own.ANY })).not.toThrow();
  });
});

describe.each(['grpc', 'http'] as const)('at the port of %s', (kind) => {
  const startPort = async (limits: Partial<RpcLimits>) => {
    const server = await startNoteServer({}, { limits });
    const address = kind === 'grpc' ? server.grpcAddress : server.httpUrl;
    const port = Number(address.split(':').at(-1));
    const sockets: Socket[] = [];
    return {
      open: async (bytes = '') => {
        const socket = connect(port, '127.0.0.1').resume();
        sockets.push(socket);
        socket.on('error', () => undefined);
        await once(socket, 'connect');
        if (bytes !== '') socket.write(bytes);
        return socket;
      },
      async stop() {
        for (const socket of sockets) socket.destroy();
        await server.stop();
      },
    };
  };

  test('a connection too many ends the one that has been idle longest', async () => {
    const port = await startPort({ connectionsMax: 2 });
    try {
      const [first, second] = [await port.open(), await port.open()];
      const third = await port.open();
      await once(first, 'close');
      expect([second.closed, third.closed]).toEqual([false, false]);
    } finally {
      await port.stop();
    }
  });

  test.each(['', 'PR'])('a connection that sends no more than "%s" ends', async (bytes) => {
    const port = await startPort({ requestArrivalMsMax: 300 });
    try {
      const socket = await port.open(bytes);
      await eventually('its end', async () => socket.closed);
      expect(socket.closed).toBe(true);
    } finally {
      await port.stop();
    }
  });

  test.each(['', 'PR'])(
    'a connection that its client ends after "%s" is gone at once',
    async (bytes) => {
      const port = await startPort({ requestArrivalMsMax: 60_000 });
      try {
        const socket = await port.open(bytes);
        socket.end();
        await eventually('its end', async () => socket.closed);
        expect(socket.closed).toBe(true);
      } finally {
        await port.stop();
      }
    },
  );
});

describe('a connection to the HTTP port', () => {
  test('of HTTP/1.1 ends with a response when it has reached its age', async () => {
    const server = await startNoteServer({}, { limits: { connectionAgeMsMax: 500 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const connectionOf = () =>
      new Promise<{ header: string | undefined; port: number | undefined }>((resolve, reject) => {
        const request = get(server.httpUrl, { agent }, (response) => {
          const port = request.socket?.localPort;
          response.resume().on('end', () => resolve({ header: response.headers.connection, port }));
        });
        request.on('error', reject);
      });
    try {
      const first = await connectionOf();
      expect(first.header).toBe('keep-alive');
      let last = first;
      await eventually('its last response', async () => {
        last = await connectionOf();
        return last.header === 'close';
      });
      expect(last.port).toBe(first.port);
      expect((await connectionOf()).port).not.toBe(first.port);
    } finally {
      agent.destroy();
      await server.stop();
    }
  });

  test('of HTTP/2 ends when it has reached its age, and answers the call under way', async () => {
    const arrived = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const writeNote = async (note: Note) => {
      arrived.resolve();
      await finish.promise;
      return note;
    };
    const server = await startNoteServer({ writeNote }, { limits: { connectionAgeMsMax: 500 } });
    const session = connectHttp2(server.httpUrl);
    try {
      const isGoingAway = new Promise<void>((resolve) => session.once('goaway', () => resolve()));
      const stream = session.request({
        ':method': 'POST',
        ':path': '/note.v1.NoteService/WriteNote',
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      });
      stream.end('{"userId":"alice"}');
      const status = new Promise((resolve) =>
        stream.once('response', (headers) => resolve(headers[':status'])),
      );
      await arrived.promise;
      await isGoingAway;
      finish.resolve();
      expect(await status).toBe(200);
      stream.resume();
      await eventually('closed', () => session.closed);
    } finally {
      session.destroy();
      await server.stop();
    }
  });
});

test('a server whose HTTP port is taken does not start, and leaves no port open', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(startNoteServer({}, { http: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  other.close();
});

describe('a server that is stopped', () => {
  test('lets running calls end, at both transports, and takes no new ones', async () => {
    const release = Promise.withResolvers<void>();
    let running = 0;
    const server = await startNoteServer({
      writeNote: async (note) => {
        running += 1;
        await release.promise;
        return note;
      },
    });
    const calls = callsOf(server);
    const grpcAnswer = calls.writeNote({ text: 'grpc' }, { token });
    const httpAnswer = fetch(`${server.httpUrl}/note.v1.NoteService/WriteNote`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: '{"text":"http"}',
    });
    await eventually('both calls run', () => running === 2);
    const stopped = server.stop(10_000, { keepChannels: true });
    await expect(fetch(`${server.httpUrl}/livez`)).rejects.toThrow('fetch failed');
    release.resolve();
    expect((await grpcAnswer).text).toBe('grpc');
    expect(await (await httpAnswer).json()).toEqual({ text: 'http' });
    await stopped;
    await expect(calls.writeNote({}, { token })).rejects.toMatchObject({ code: 14 });
  });

  test('does not wait for connections that do nothing', async () => {
    const server = await startNoteServer();
    await callsOf(server).writeNote({}, { token });
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      get(`${server.httpUrl}/livez`, { agent }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
    const session = connectHttp2(server.httpUrl);
    await new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()));
    const start = performance.now();
    await server.stop(5000, { keepChannels: true });
    expect(performance.now() - start).toBeLessThan(2000);
    agent.destroy();
    session.destroy();
  });

  test('cuts off calls that outlast the grace period', async () => {
    let running = 0;
    const server = await startNoteServer({
      writeNote: () => {
        running += 1;
        return new Promise(() => undefined);
      },
    });
    const answers = [
      callsOf(server).writeNote({}, { token }),
      fetch(`${server.httpUrl}/note.v1.NoteService/WriteNote`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: '{}',
      }),
    ];
    const settled = Promise.allSettled(answers);
    await eventually('both calls run', () => running === 2);
    const start = performance.now();
    await server.stop(200, { keepChannels: true });
    expect(performance.now() - start).toBeLessThan(2000);
    expect(await settled).toMatchObject([
      { status: 'rejected', reason: { code: 14, reason: 'SERVICE_UNAVAILABLE' } },
      { status: 'rejected' },
    ]);
  });
});

describe('a client of two replicas', () => {
  async function pair() {
    const first = await startNoteServer({ readNote: () => Promise.resolve({ text: 'first' }) });
    const second = await startNoteServer({ readNote: () => Promise.resolve({ text: 'second' }) });
    const address = `ipv4:${first.grpcAddress},${second.grpcAddress}`;
    return { first, second, calls: callsOf(first, address) };
  }

  test('takes turns between them', async () => {
    const { first, second, calls } = await pair();
    const seen = new Set<string>();
    await eventually('both have answered', async () => {
      seen.add((await calls.readNote({}, { token })).text);
      return seen.size === 2;
    });
    await first.stop();
    await second.stop();
  });

  test('notices nothing when one of them is stopped under load', async () => {
    const { first, second, calls } = await pair();
    const failures: unknown[] = [];
    let answered = 0;
    let go = true;
    const load = Array.from({ length: 8 }, async () => {
      while (go) {
        await calls.readNote({}, { token }).then(
          () => {
            answered += 1;
          },
          (error: unknown) => failures.push(error),
        );
      }
    });
    await eventually('calls flow', () => answered > 200);
    await second.stop(5000);
    const after = answered;
    await eventually('calls go on', () => answered > after + 200);
    go = false;
    await Promise.all(load);
    expect(failures).toEqual([]);
    await first.stop();
  });
});

describe('a client whose server fails once', () => {
  async function flaky({ afterMs = 0 } = {}) {
    let attempts = 0;
    const fail = async (note: Note) => {
      attempts += 1;
      await pause(afterMs);
      return attempts === 1
        ? Promise.reject(
            Object.assign(new Error('The database is away'), { reason: 'STORAGE_UNAVAILABLE' }),
          )
        : Promise.resolve(note);
    };
    const server = await startNoteServer({ writeNote: fail, readNote: fail });
    return { server, calls: callsOf(server), attempts: () => attempts };
  }

  test('tries again if the method is idempotent by the contract', async () => {
    const { server, calls, attempts } = await flaky();
    const read = server.service.method['readNote'];
    expect(read?.idempotency).toBe(IdempotencyLevel.NO_SIDE_EFFECTS);
    await expect(calls.readNote({ text: 'x' }, { token })).resolves.toMatchObject({ text: 'x' });
    expect(attempts()).toBe(2);
    await server.stop();
  });

  test('leaves it to the caller if the server has waited long for what is away', async () => {
    const { server, calls, attempts } = await flaky({ afterMs: 600 });
    await expect(calls.readNote({ text: 'x' }, { token })).rejects.toMatchObject({
      code: 14,
      reason: 'STORAGE_UNAVAILABLE',
      retryAfterMs: 1000,
    });
    expect(attempts()).toBe(1);
    await server.stop();
  });

  test('leaves it to the caller if it is not', async () => {
    const { server, calls, attempts } = await flaky();
    await expect(calls.writeNote({}, { token })).rejects.toMatchObject({
      code: 14,
      reason: 'STORAGE_UNAVAILABLE',
      retryAfterMs: 1000,
    });
    expect(attempts()).toBe(1);
    await server.stop();
  });
});

test('a client whose server is nowhere is told so within its deadline', async () => {
  const server = await startNoteServer();
  const calls = callsOf(server, '127.0.0.1:1');
  await expect(
    calls.writeNote({}, { token, requestId: 'nowhere-1', deadlineMs: Date.now() + 5000 }),
  ).rejects.toMatchObject({ code: 14, reason: 'SERVICE_UNAVAILABLE', requestId: 'nowhere-1' });
  await server.stop();
});
