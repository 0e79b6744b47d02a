// One caller's calls in the way of others'.
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { GetMembershipResponseSchema } from '@loyalty/proto/loyalty/ledger/v1/membership_service_pb.ts';
import { defaultLimits } from '../src/limits.ts';
import { sessionOf } from '../src/upstreams.ts';
import { send, startTestGateway, tokenFor } from './start-gateway.ts';

const streamsMax = 5;
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A service that never reads what one caller sends, and responds to all others. */
async function startStalling(stalled: string) {
  let stalledBodies = 0;
  const server = createServer({ settings: { maxConcurrentStreams: streamsMax } });
  server.on('session', (session) => {
    session.on('error', () => undefined);
    stops.push(() => session.destroy());
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers.authorization === `Bearer ${stalled}`) {
      stalledBodies += 1;
      return;
    }
    stream.resume();
    stream.once('end', () => respond(stream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, stalledBodies: () => stalledBodies };
}

function respond(stream: ServerHttp2Stream): void {
  const message = toBinary(
    GetMembershipResponseSchema,
    create(GetMembershipResponseSchema, { membership: {} }),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([prefix, message]));
}

describe("a backend's calls that a service does not take up", () => {
  const others = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name) => `other-${name}`);

  test.each([
    [1, others.length],
    [4, others.filter((name) => sessionOf(name, 4) === sessionOf('hog', 4)).length],
  ])(
    'in one of %d sessions stall %d of eight other callers',
    async (sessions, stalled) => {
      const hog = await tokenFor('service', 'hog');
      const service = await startStalling(hog);
      const gateway = await startTestGateway(service.address, {
        sessionsPerService: sessions,
        limits: {
          ...defaultLimits,
          callMsMax: patience(5_000),
          // Nothing moves on the connections of calls that a service doesn't take up.
          silenceMsMax: patience(30_000),
        },
      });
      stops.push(() => gateway.stop());
      const description = 'x'.repeat(500_000);
      const bodies = Array.from({ length: streamsMax }, () =>
        send(`${gateway.url}/v1/programs/wine-dine/earns`, 'POST', {
          token: hog,
          body: { userId: 'alice', transaction: { attributes: { description } } },
        }),
      );
      await eventually(() => expect(service.stalledBodies()).toBe(streamsMax));
      let served = 0;
      const reads = others.map(async (name) => {
        const token = await tokenFor('member', name);
        const url = `${gateway.url}/v1/programs/wine-dine/members/me`;
        if ((await send(url, 'GET', { token })).status === 200) served += 1;
      });
      await eventually(() => expect(served).toBe(others.length - stalled));
      // The calls of the hog end by their deadline, and make room again.
      await Promise.race(bodies);
      expect(served).toBe(others.length - stalled);
      await Promise.all([...reads, ...bodies]);
    },
    patience(60_000),
  );

  test('spread callers evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let index = 0; index < 4000; index += 1) {
      const session = sessionOf(`user-${index}`, 4);
      counts[session] = (counts[session] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200);
  });
});
