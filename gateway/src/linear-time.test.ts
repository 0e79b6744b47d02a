import { describe, test } from '@jest/globals';
import {
  expectCostOfParsing,
  expectLinearTime,
  numbered,
  repeated,
} from '@loyalty/local/linear-time.ts';
import { ValidationFailed } from '@loyalty/platform/errors.ts';
import { idsInRequest } from './accessed-ids.ts';
import { contentCodingFor } from './content-coding.ts';
import { requestFromHttp } from './request-from-http.ts';
import { createRouteTable } from './route-table.ts';
import { readRoutes } from './routes-from-descriptors.ts';
import { upstreamsOf } from './wiring.ts';

const routes = readRoutes(
  upstreamsOf({ programsAddress: '', ledgerAddress: '', webhooksAddress: '' }).flatMap(
    ({ services }) => services,
  ),
);
const table = createRouteTable(routes);
const caller = { subject: 'alice', roles: new Set(['member'] as const), programs: undefined };

interface Parts {
  httpMethod?: string;
  path?: string;
  query?: string;
  header?: string;
  body?: string;
}

function readRequest({ httpMethod = 'GET', path = '/v1/programs', ...parts }: Parts): void {
  const match = table(httpMethod, path);
  if (match.found !== 'route') return;
  const input = {
    values: match.values,
    query: parts.query ?? '',
    headerValues: () => (parts.header === undefined ? [] : [parts.header]),
    body: parts.body === undefined ? undefined : new TextEncoder().encode(parts.body),
    caller,
  };
  try {
    requestFromHttp(match.route, input);
  } catch (error) {
    if (!(error instanceof ValidationFailed)) throw error;
    idsInRequest(match.route, input);
  }
}

/** What Node takes of a request line and headers. */
const headSizeMax = 16 * 1024;

describe('the time to read a request grows with its length and no faster, for a path of', () => {
  test.each([
    ['segments', repeated('/v1/programs', '/a', '')],
    ['slashes', repeated('/v1/programs', '/', '')],
    ['verbs', repeated('/v1/programs/p', ':activate', '')],
    ['escapes', repeated('/v1/programs/', '%41', '')],
    ['escapes of an unfinished character', repeated('/v1/programs/', '%F0%9F', '')],
    ['signs of percent', repeated('/v1/programs/', '%', '')],
    ['steps upward', repeated('/v1/programs', '/..', '')],
  ])('%s', (_what, textOf) => {
    expectLinearTime({ textOf, read: (path) => readRequest({ path }), sizeMax: headSizeMax });
  });
});

describe('the time to read a request grows with its length and no faster, for a query of', () => {
  test.each([
    ['one parameter again and again', repeated('pageSize=1', '&pageSize=1', '')],
    ['unknown parameters', numbered('', (index) => `p${index}=`, '', '&')],
    ['separators', repeated('', '&', '')],
    ['signs of equality', repeated('pageToken', '=', '')],
    ['plus signs', repeated('pageToken=', '+', '')],
    ['escapes', repeated('pageToken=', '%41', '')],
    ['broken escapes', repeated('pageToken=', '%4', '')],
  ])('%s', (_what, textOf) => {
    expectLinearTime({ textOf, read: (query) => readRequest({ query }), sizeMax: headSizeMax });
  });
});

test.each([
  ['an If-Match of quotes', repeated('', '"', '')],
  ['an If-Match of etags', repeated('"a"', ', W/"a"', '')],
  ['an If-Match of commas', repeated('', ',', '')],
])('%s is read in time that grows with its length and no faster', (_what, textOf) => {
  const read = (header: string) =>
    readRequest({ httpMethod: 'PATCH', path: '/v1/programs/p', header, body: '{}' });
  expectLinearTime({ textOf, read, sizeMax: headSizeMax });
});

test.each([
  ['unknown fields', numbered('{', (index) => `"x${index}":1`, '}')],
  ['keys to remove', numbered('{"attributes":{', (index) => `"k${index}":null`, '}}')],
])('a PATCH of %s is read in time that grows with its length and no faster', (_what, textOf) => {
  const read = (body: string) =>
    readRequest({ httpMethod: 'PATCH', path: '/v1/programs/p/members/alice', body });
  expectLinearTime({ textOf, read, sizeMax: 1024 * 1024 });
});

describe('to refuse a body takes about as long as JSON.parse takes, for', () => {
  const members = '/v1/programs/p/members';

  test.each([
    ['unknown fields', 'POST', members, numbered('{', (index) => `"k${index}":1`, '}')],
    [
      'attributes',
      'POST',
      members,
      numbered('{"attributes":{', (index) => `"k${index}":"v"`, '}}'),
    ],
    ['unknown fields', 'PATCH', `${members}/alice`, numbered('{', (key) => `"k${key}":1`, '}')],
    [
      'keys to remove',
      'PATCH',
      `${members}/alice`,
      numbered('{"attributes":{', (index) => `"k${index}":null`, '}}'),
    ],
    ['earns', 'POST', '/v1/programs/p/earns:batch', repeated('{"earns":[{}', ',{}', ']}')],
  ])('%s of a %s to %s', (_what, httpMethod, path, textOf) => {
    const read = (body: string) => readRequest({ httpMethod, path, body });
    expectCostOfParsing({ textOf, read, sizeMax: 1024 * 1024 });
  });
});

describe('the time to choose a content coding grows with the header and no faster, for', () => {
  test.each([
    ['codings', repeated('br', ', gzip', '')],
    ['commas', repeated('', ',', '')],
    ['parameters', repeated('br', ';q=0.5', '')],
    ['spaces', repeated('br', ' ', ';q=1')],
    ['digits', repeated('br;q=0.', '1', '')],
  ])('%s', (_what, textOf) => {
    const read = (header: string) => contentCodingFor(header, 2_000);
    expectLinearTime({ textOf, read, sizeMax: headSizeMax });
  });
});
