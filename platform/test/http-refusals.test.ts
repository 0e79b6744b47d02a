import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { talk } from '@loyalty/local/talk.ts';
import { type NoteServer, startNoteServer, tokenFor } from './note-server.ts';

const path = '/note.v1.NoteService/WriteNote';
let server: NoteServer;
let token: string;

beforeAll(async () => {
  token = await tokenFor('alice', ['member']);
  server = await startNoteServer({}, { limits: { requestArrivalMsMax: 1000 } });
});

afterAll(() => server.stop());

function expectProblem(answer: string, status: number): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head.toLowerCase()).toContain('content-type: application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status });
}

const refusals: [what: string, lines: string[], status: number][] = [
  ['without a host', ['GET /livez HTTP/1.1'], 400],
  ['with two hosts', ['GET /livez HTTP/1.1', 'host: a', 'host: a'], 400],
  ['with an empty host', ['GET /livez HTTP/1.1', 'host:'], 400],
  [
    'with an expectation that nobody can meet',
    ['GET /livez HTTP/1.1', 'host: a', 'expect: foo'],
    417,
  ],
  [
    'with a transfer coding besides chunked',
    ['POST /livez HTTP/1.1', 'host: a', 'transfer-encoding: gzip, chunked', '', '0'],
    400,
  ],
  ['by a method that HTTP does not have', ['BREW /livez HTTP/1.1', 'host: a'], 400],
  ['to connect to another host', ['CONNECT a:443 HTTP/1.1', 'host: a:443'], 405],
  ['that is not HTTP', ['nonsense'], 400],
];

describe.each(['httpUrl', 'managementUrl'] as const)('at %s a request is refused', (port) => {
  test.each(refusals)('%s', async (_what, [start = '', ...headers], status) => {
    const lines = [start, 'connection: close', ...headers, '', ''];
    expectProblem(await talk(server[port], lines.join('\r\n')), status);
  });
});

describe('at the management port a request is refused', () => {
  test('for a path that is not there', async () => {
    const response = await fetch(`${server.managementUrl}/nothing`);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, title: 'Not found' });
  });

  test('by another method than GET', async () => {
    const response = await fetch(`${server.managementUrl}/livez`, { method: 'POST' });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ status: 405, title: 'Method not allowed' });
  });

  test('that does not arrive in time', async () => {
    expectProblem(await talk(server.managementUrl, 'GET /livez HTTP/1.1\r\nhost: a\r\nx'), 408);
  });
});

describe('at the Connect port a request is refused', () => {
  test.each([
    ['without a content type', undefined],
    ['with another one', 'text/plain'],
    ['with the text form of gRPC-Web', 'application/grpc-web-text'],
  ])('%s', async (_what, contentType) => {
    const response = await fetch(server.httpUrl + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        ...(contentType !== undefined && { 'content-type': contentType }),
      },
      body: new Uint8Array([1, 2, 3]),
    });
    expect(response.status).toBe(415);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 415, title: 'Unsupported media type' });
  });

  test('over HTTP/2 with an expectation that nobody can meet', async () => {
    const session = connectHttp2(server.httpUrl);
    try {
      const stream = session.request({ ':path': '/nothing', expect: 'foo' });
      const headers = await new Promise((resolve, reject) => {
        stream.once('response', resolve).once('error', reject);
      });
      expect(headers).toMatchObject({ ':status': 417, 'content-type': 'application/problem+json' });
    } finally {
      session.destroy();
    }
  });
});

test.each(['httpUrl', 'managementUrl'] as const)(
  'at %s a body that breaks off is not refused a second time',
  async (port) => {
    const head = ['POST /nothing HTTP/1.1', 'host: a', 'transfer-encoding: chunked', '', ''];
    const answer = await talk(server[port], `${head.join('\r\n')}no length\r\n\r\n`);
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404']);
  },
);

test('HTTP/1.0 needs no host to be served', async () => {
  const body = '{"userId":"alice"}';
  const lines = [
    `POST ${path} HTTP/1.0`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  expect(await talk(server.httpUrl, [...lines, '', body].join('\r\n'))).toMatch(/^HTTP\/1.1 200 /);
});

describe.each(['httpUrl', 'managementUrl'] as const)(
  'a client at %s that is still sending',
  (port) => {
    const head = ['POST /nothing HTTP/1.1', 'host: a', 'content-length: 1000000', '', ''].join(
      '\r\n',
    );
    const part = 'x'.repeat(100_000);

    test('reads the whole refusal, although it sends the rest of its body after it', async () => {
      const answer = await talk(server[port], head, Array(10).fill(part));
      expectProblem(answer, 404);
    });

    test('gets no response to what it sends after its body', async () => {
      const another = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';
      const answer = await talk(server[port], head, [...Array(10).fill(part), another]);
      expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404']);
    });

    test('and never ends is cut off', async () => {
      const endless = Array(1000).fill('x'.repeat(1_000_000));
      await expect(talk(server[port], head, endless)).rejects.toThrow(/ECONNRESET|EPIPE/);
    });
  },
);

describe('a request whose body does not arrive', () => {
  const post = (target: string, ...headers: string[]) =>
    talk(
      server.httpUrl,
      [`POST ${target} HTTP/1.1`, 'host: a', ...headers, 'content-length: 9', '', '{'].join('\r\n'),
    );

  test.each([
    ['at a path that is not there', '/nothing', 404],
    ['in a type that is not served', path, 415],
  ])('is refused once, and the connection closed: %s', async (_what, target, status) => {
    const answer = await post(target, `authorization: Bearer ${token}`, 'content-type: text/plain');
    expectProblem(answer, status);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('is refused once, and the connection closed, without a token', async () => {
    const answer = await post(path, 'content-type: application/json');
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401']);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test('is refused by 413 if it announces more than is allowed', async () => {
    const lines = [
      `POST ${path} HTTP/1.1`,
      'host: a',
      `authorization: Bearer ${token}`,
      'content-type: application/json',
      'content-length: 1000000000',
      '',
      '{',
    ];
    const answer = await talk(server.httpUrl, lines.join('\r\n'));
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413']);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(answer).toContain('VALIDATION_FAILED');
  });
});
