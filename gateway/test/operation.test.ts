import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@loyalty/platform/logging.ts';
import { send, startService, startTestGateway, tokenFor } from './start-gateway.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function started(handlers: Record<string, unknown>, corsOrigins: string[] = []) {
  const service = await startService(handlers);
  stops.push(() => service.stop());
  const gateway = await startTestGateway(service.address, { corsOrigins });
  stops.push(() => gateway.stop());
  return gateway;
}

test('probes and metrics need no token, and are at the management port only', async () => {
  const { url, managementUrl } = await started({});
  await send(`${url}/v1/programs/wine-dine`, 'GET', { token: await tokenFor('admin', 'ops') });
  await send(`${url}/no/such/path`, 'GET');
  const [livez, readyz, metrics] = await Promise.all(
    ['/livez', '/readyz', '/metrics'].map(async (path) => {
      expect((await send(`${url}${path}`, 'GET')).json).toMatchObject({ status: 404 });
      return (await fetch(`${managementUrl}${path}`)).text();
    }),
  );
  expect([livez, readyz]).toEqual(['alive\n', 'ready\n']);
  expect(metrics).toContain('route="/v1/programs/{program_id}",status="501"');
  expect(metrics).toContain('method="none",route="none",status="404"');
  expect(metrics).not.toContain('such/path');
});

describe('the line of a request', () => {
  async function linesOf(level: string, requests: Record<string, string>) {
    const service = await startService({
      getProgram: () => ({ program: { programId: 'wine-dine' } }),
    });
    stops.push(() => service.stop());
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const log = createLogger({ name: 'gateway', level, destination });
    const { url, stop } = await startTestGateway(service.address, {}, log);
    const token = await tokenFor('admin', 'ops');
    for (const [id, path] of Object.entries(requests)) {
      await send(`${url}${path}`, 'GET', { token, headers: { 'x-request-id': id } });
    }
    // Once it has stopped, all is logged.
    await stop();
    return lines.filter(({ requestId }) => requestId !== undefined);
  }
  const route = '/v1/programs/{program_id}';
  const requests = { good: '/v1/programs/wine-dine', bad: '/v1/programs/wine-dine?such=none' };
  const refused = {
    ...{ level: 'info', requestId: 'bad', msg: 'call', httpMethod: 'GET', route },
    ...{ status: 400, reason: 'VALIDATION_FAILED', subject: 'ops' },
  };

  test('is there for one that is refused', async () => {
    expect(await linesOf('info', requests)).toMatchObject([refused]);
  });

  test('is there for each one where the level is debug', async () => {
    const logged = { level: 'debug', requestId: 'good', route, status: 200, subject: 'ops' };
    expect(await linesOf('debug', requests)).toMatchObject([logged, refused]);
  });

  test('has the error of one that the services can’t serve, and another says why', async () => {
    const lines = await linesOf('info', { unserved: '/v1/programs/wine-dine/members/ann' });
    const line = { requestId: 'unserved', reason: 'NOT_IMPLEMENTED' };
    expect(lines).toMatchObject([
      { ...line, msg: 'failed', err: { type: 'RemoteError' } },
      { ...line, msg: 'call', status: 501 },
    ]);
  });
});

test('a request that is under way gets its response while the gateway stops', async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const gateway = await started({
    getProgram: async () => {
      arrived.resolve();
      await finish.promise;
      return { program: { programId: 'wine-dine' } };
    },
  });
  const token = await tokenFor('admin', 'ops');
  const response = send(`${gateway.url}/v1/programs/wine-dine`, 'GET', { token });
  await arrived.promise;
  const stopped = gateway.stop();
  finish.resolve();
  expect((await response).status).toBe(200);
  await stopped;
  await expect(fetch(`${gateway.url}/livez`)).rejects.toThrow('fetch failed');
});

test('a connection that has never had a request does not keep the gateway from stopping', async () => {
  const gateway = await started({});
  const client = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => client.once('close', resolve));
  await new Promise((resolve) => client.once('connect', resolve));
  // The server may learn of the connection after its client.
  await fetch(`${gateway.url}/docs/errors`, { method: 'HEAD' });
  await gateway.stop();
  await expect(closed).resolves.toBe(false);
});

test('a read that nobody waits for any more is called off', async () => {
  const arrived = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const gateway = await started({
    getProgram: async (_request: unknown, context: { signal: AbortSignal }) => {
      context.signal.addEventListener('abort', () => aborted.resolve());
      arrived.resolve();
      return new Promise(() => {});
    },
  });
  const leave = new AbortController();
  const response = fetch(`${gateway.url}/v1/programs/wine-dine`, {
    headers: { authorization: `Bearer ${await tokenFor('admin', 'ops')}` },
    signal: leave.signal,
  });
  await arrived.promise;
  leave.abort();
  await expect(response).rejects.toThrow('aborted');
  await aborted.promise;
});

describe('a browser', () => {
  const origin = 'https://app.example.com';

  test('of an allowed origin may ask and read', async () => {
    const { url } = await started({}, [origin]);
    const preflight = await send(`${url}/v1/programs/p/members/me/redemptions`, 'OPTIONS', {
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Idempotency-Key');
    const response = await send(`${url}/v1/programs`, 'GET', { headers: { origin } });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-expose-headers')).toContain('ETag');
    expect(response.headers.get('vary')).toBe('Origin');
  });

  test('of another origin may not', async () => {
    const { url } = await started({}, [origin]);
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    const preflight = await send(`${url}/v1/programs`, 'OPTIONS', { headers });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('of any origin may where all are allowed', async () => {
    const { url } = await started({}, ['*']);
    const response = await send(`${url}/v1/programs`, 'GET', { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});
