// What the gateway shows of its API to anyone, without a service behind it.
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { ErrorReasonSchema } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import type { GatewayConfig } from '../src/config.ts';
import { defaultLimits } from '../src/limits.ts';
import { problemOf } from '../src/problem.ts';
import { send, startTestGateway, type TestGateway, tokenFor } from './start-gateway.ts';

const nowhere = '127.0.0.1:1';
const html = 'text/html; charset=utf-8';
const script = '/docs/swagger-ui-bundle.js';
const contents = {
  '/docs': html,
  '/docs/errors': html,
  '/docs/viewer.js': 'text/javascript; charset=utf-8',
  '/docs/reference.css': 'text/css; charset=utf-8',
  '/docs/icon.svg': 'image/svg+xml',
  '/docs/swagger-ui.css': 'text/css; charset=utf-8',
  [script]: 'text/javascript; charset=utf-8',
  '/openapi.json': 'application/json; charset=utf-8',
};
const redirects = { '/': '/docs', '/docs/': '/docs' };
const allPaths = [...Object.keys(contents), ...Object.keys(redirects)];

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function started(overrides: Partial<GatewayConfig> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(nowhere, overrides);
  stops.push(() => gateway.stop());
  return gateway;
}

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As `fetch`, but nothing is decoded, followed or added. */
function ask(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
      response.on('error', reject);
    });
    asking.on('error', reject).end();
  });
}

describe('the reference', () => {
  test('is there without a token, and a token that is no longer good does no harm', async () => {
    const { url } = await started();
    for (const headers of [{}, { authorization: 'Bearer expired' }]) {
      for (const [path, type] of Object.entries(contents)) {
        const got = await ask(`${url}${path}`, { headers });
        expect([path, got.status, got.headers['content-type']]).toEqual([path, 200, type]);
        expect(got.headers).toMatchObject({
          'x-content-type-options': 'nosniff',
          'cache-control': 'public, no-cache',
          'content-length': String(got.body.length),
          'x-request-id': expect.any(String),
        });
        expect(got.body.length).toBeGreaterThan(100);
      }
    }
  });

  test('is where / leads', async () => {
    const { url } = await started();
    for (const [path, location] of Object.entries(redirects)) {
      const got = await ask(`${url}${path}`);
      expect([path, got.status, got.headers.location]).toEqual([path, 302, location]);
    }
  });

  test('is only read, and has nothing else beside it', async () => {
    const { url } = await started();
    for (const path of allPaths) {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        const got = await ask(`${url}${path}`, { method });
        expect([method, path, got.status, got.headers.allow]).toEqual([
          ...[method, path, 405],
          'GET, HEAD',
        ]);
        expect(got.headers['content-type']).toBe('application/problem+json');
      }
    }
    for (const path of [
      '/docs/unknown',
      '/docs/errors/',
      '/openapi.json/',
      '/docs%2Ferrors',
      '/DOCS',
      '//',
    ]) {
      const got = await ask(`${url}${path}`);
      expect([path, got.status]).toEqual([path, 404]);
      expect(JSON.parse(got.body.toString())).toMatchObject({ reason: 'ROUTE_NOT_FOUND' });
    }
  });

  test('has the same headers when only they are asked for', async () => {
    const { url } = await started();
    for (const path of Object.keys(contents)) {
      for (const headers of [{}, { 'accept-encoding': 'br' }] as Record<string, string>[]) {
        const get = await ask(`${url}${path}`, { headers });
        const head = await ask(`${url}${path}`, { headers, method: 'HEAD' });
        expect([head.status, head.body.length]).toEqual([get.status, 0]);
        for (const name of ['etag', 'content-encoding', 'content-length', 'content-type', 'vary']) {
          expect([path, name, head.headers[name]]).toEqual([path, name, get.headers[name]]);
        }
      }
    }
  });

  test('is compressed where the client accepts that', async () => {
    const { url } = await started();
    for (const path of Object.keys(contents)) {
      const plain = await ask(`${url}${path}`);
      expect(plain.headers).not.toHaveProperty('content-encoding');
      expect(plain.headers.vary).toBe('Accept-Encoding');
      if (plain.body.length <= 1024) continue;
      for (const [coding, decode] of [
        ['br', brotliDecompressSync],
        ['gzip', gunzipSync],
      ] as const) {
        const got = await ask(`${url}${path}`, { headers: { 'accept-encoding': coding } });
        expect([got.headers['content-encoding'], got.headers.etag]).toEqual([
          coding,
          `W/${plain.headers.etag}`,
        ]);
        expect(decode(got.body).equals(plain.body)).toBe(true);
        expect(got.body.length).toBeLessThan(plain.body.length / 2);
      }
    }
  });

  test('is not sent again to a client that has it', async () => {
    const { url } = await started();
    for (const path of Object.keys(contents)) {
      const { etag = '' } = (await ask(`${url}${path}`)).headers;
      for (const method of ['GET', 'HEAD']) {
        for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
          const got = await ask(`${url}${path}`, { method, headers: { 'if-none-match': known } });
          expect([path, got.status, got.headers.etag]).toEqual([path, 304, etag]);
          expect(got.body).toHaveLength(0);
        }
      }
      const changed = await ask(`${url}${path}`, { headers: { 'if-none-match': '"other"' } });
      expect(changed.status).toBe(200);
    }
  });

  test('may be read by the pages of origins that may read the API', async () => {
    const { url } = await started({ corsOrigins: ['https://app.example'] });
    const headers = { origin: 'https://app.example' };
    const got = await ask(`${url}/openapi.json`, { headers });
    expect(got.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      vary: 'Origin, Accept-Encoding',
    });
    const preflight = await ask(`${url}/openapi.json`, {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'GET' },
    });
    expect(preflight.status).toBe(204);
  });

  test('is counted by its paths', async () => {
    const { url, managementUrl } = await started();
    await ask(`${url}/docs`);
    await ask(`${url}/docs`, { method: 'HEAD' });
    await ask(`${url}/docs/unknown`);
    await eventually(async () => {
      const metrics = await (await fetch(`${managementUrl}/metrics`)).text();
      const counts = metrics
        .split('\n')
        .filter((line) => /^http_server_duration_seconds_count\{.*route="\/docs"/.test(line));
      expect(counts).toEqual([expect.stringMatching(/method="GET".*status="200"\} 2$/)]);
      expect(metrics).not.toContain('unknown');
    });
  });

  test('lets its pages load and send only what is of the same origin', async () => {
    const { url } = await started();
    for (const path of ['/docs', '/docs/errors']) {
      const { headers, body } = await ask(`${url}${path}`);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).not.toContain('unsafe');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(body.toString()).not.toMatch(
        /(src|href)="(?![/#])|<style|<script(?![^>]* src=)| on\w+=/,
      );
    }
  });
});

describe('the page of errors', () => {
  let page = '';
  let operations = new Map<string, string>();

  beforeAll(async () => {
    const gateway = await startTestGateway(nowhere);
    try {
      page = (await ask(`${gateway.url}/docs/errors`)).body.toString();
      const { paths } = JSON.parse((await ask(`${gateway.url}/openapi.json`)).body.toString()) as {
        paths: Record<string, Record<string, { operationId?: string; tags?: string[] }>>;
      };
      operations = new Map(
        Object.values(paths)
          .flatMap((path) => Object.values(path))
          .map(({ operationId = '', tags = [] }) => [operationId, tags[0] ?? '']),
      );
    } finally {
      await gateway.stop();
    }
  });

  test('has a section of each reason, which opens by either letter case', () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const reasons = ErrorReasonSchema.values.filter(({ number }) => number !== 0);
    expect(reasons.length).toBeGreaterThan(30);
    for (const { name } of reasons) {
      const { problem } = problemOf(Object.assign(new Error('refused'), { reason: name }), 'id');
      expect(problem.reason).toBe(name);
      expect(ids).toContain(new URL(problem.type, 'http://gateway').hash.slice(1));
      expect(ids).toContain(name);
    }
    for (const [, anchor] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(anchor);
  });

  test('links to the operations that can fail for the reason', () => {
    const section = /<section id="insufficient_points">(.*?)<\/section>/s.exec(page)?.[1] ?? '';
    expect(section).toContain('missingPoints');
    expect(section).toContain('HTTP 409');
    expect(section).toContain('FAILED_PRECONDITION');
    expect(section).not.toContain('retryable');
    expect(section).toContain('<a href="/docs#/RedemptionService/redeem">Redeem</a>');
    const links = [...page.matchAll(/href="\/docs#\/(\w+)\/(\w+)"/g)];
    expect(links.length).toBeGreaterThan(50);
    for (const [, tag, operation = ''] of links) {
      expect([operation, operations.get(operation)]).toEqual([operation, tag]);
    }
  });

  test('is where the type of an error leads', async () => {
    const { url } = await started();
    const { json } = await send(`${url}/v1/programs`, 'GET');
    const { type, reason } = json as { type: string; reason: string };
    expect(reason).toBe('UNAUTHENTICATED');
    const target = new URL(type, url);
    const got = await ask(target.href);
    expect(got.status).toBe(200);
    expect(got.body.toString()).toContain(`id="${target.hash.slice(1)}"`);
  });
});

describe('a stranger', () => {
  test('with more on its way than an address may have is refused, and the API is not', async () => {
    const { url } = await started({
      limits: { ...defaultLimits, downloads: { addressBytesMax: 1_000_000, bytesMax: 10_000_000 } },
    });
    const refused = await ask(`${url}${script}`);
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      'retry-after': '1',
      'ratelimit-policy': '"content-bytes";q=1000000;qu="content-bytes"',
      'cache-control': 'no-store',
    });
    expect(refused.headers).not.toHaveProperty('etag');
    expect((await ask(`${url}${script}`, { method: 'HEAD' })).status).toBe(200);
    expect((await ask(`${url}/docs`)).status).toBe(200);
    const token = await tokenFor('admin', 'ops');
    expect((await send(`${url}/v1/programs/p`, 'GET', { token })).status).toBe(503);
  });

  test('who does not read what they asked for keeps nobody else from it', async () => {
    const { url, port } = await started({
      limits: { ...defaultLimits, downloads: { addressBytesMax: 3_000_000, bytesMax: 6_000_000 } },
      trustedProxies: 1,
    });
    const socket = connect(port, '127.0.0.1').pause();
    stops.push(async () => void socket.destroy());
    const fromStranger = { 'x-forwarded-for': '192.0.2.1' };
    const fromOther = { 'x-forwarded-for': '192.0.2.2' };
    const asking = `GET ${script} HTTP/1.1\r\nHost: gateway\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n`;
    const asked = async (headers: Record<string, string>) =>
      (await ask(`${url}${script}`, { headers })).status;
    // The system takes some responses off the gateway's hands.
    await eventually(async () => {
      socket.write(asking);
      expect(await asked(fromStranger)).toBe(429);
    });
    expect(await asked(fromOther)).toBe(200);
    socket.destroy();
    await eventually(async () => expect(await asked(fromStranger)).toBe(200));
  });

  test('who asks again and again, or leaves early, is served as long as little is on its way', async () => {
    const { url } = await started({
      limits: { ...defaultLimits, downloads: { addressBytesMax: 2_000_000, bytesMax: 2_000_000 } },
    });
    const paths = [script, '/docs/swagger-ui.css'];
    for (let round = 0; round < 10; round += 1) {
      for (const path of paths) {
        const leave = new AbortController();
        const left = fetch(`${url}${path}`, {
          signal: leave.signal,
          headers: { 'accept-encoding': round % 2 === 0 ? 'br' : 'identity' },
        });
        setTimeout(() => leave.abort(), round);
        await left.then((response) => response.arrayBuffer()).catch(() => undefined);
      }
    }
    // The gateway notices a moment later that they have left.
    await eventually(async () => expect((await ask(`${url}${script}`)).status).toBe(200));
  });
});
