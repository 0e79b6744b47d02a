// Who may not make a call isn't told what is wrong with it.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  send,
  startService,
  startTestGateway,
  type TestGateway,
  type TestService,
  tokenFor,
} from './start-gateway.ts';

let service: TestService;
let gateway: TestGateway;
let alice: string;
let scoped: string;

beforeAll(async () => {
  service = await startService({});
  gateway = await startTestGateway(service.address);
  alice = await tokenFor('member', 'alice');
  scoped = await tokenFor('admin', 'ops', ['wine-dine']);
});

afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
});

const foreign = 'programs/frequent-flyer';
const bob = 'programs/wine-dine/members/bob';

test.each<[string, string, string, () => string, unknown]>([
  ['malformed JSON for another', 'POST', `${bob}/redemptions`, () => alice, '{'],
  [
    'an unknown field for another',
    'POST',
    'programs/wine-dine/members',
    () => alice,
    { userId: 'bob', x: 1 },
  ],
  ['an unknown parameter for another', 'GET', `${bob}/balance?x=1`, () => alice, undefined],
  ['malformed JSON for a foreign program', 'PATCH', foreign, () => scoped, '{'],
  ['no field for a foreign program', 'PATCH', foreign, () => scoped, {}],
  [
    'an unknown field of a new program',
    'POST',
    'programs',
    () => scoped,
    { programId: 'frequent-flyer', x: 1 },
  ],
  ['an unknown verb body', 'POST', `${foreign}:activate`, () => scoped, { x: 1 }],
])('%s is 403', async (_case, method, path, token, body) => {
  const response = await send(`${gateway.url}/v1/${path}`, method, { token: token(), body });
  expect(response).toMatchObject({ status: 403, json: { reason: 'PERMISSION_DENIED' } });
});

test.each<[string, string, string, () => string, unknown]>([
  ['malformed JSON', 'POST', 'programs/wine-dine/members/me/redemptions', () => alice, '{'],
  ['an unknown field', 'POST', 'programs/wine-dine/members', () => alice, { userId: 'me', x: 1 }],
  ['no field', 'PATCH', 'programs/wine-dine', () => scoped, {}],
  [
    'an unknown field of a new program',
    'POST',
    'programs',
    () => scoped,
    { programId: 'wine-dine', x: 1 },
  ],
])('%s is 400 for those who may make the call', async (_case, method, path, token, body) => {
  const response = await send(`${gateway.url}/v1/${path}`, method, { token: token(), body });
  expect(response).toMatchObject({ status: 400, json: { reason: 'VALIDATION_FAILED' } });
});

test('a body of one who may not make the call is refused before it is read', async () => {
  const headers = { 'content-type': 'text/plain' };
  const url = `${gateway.url}/v1/${foreign}`;
  const response = await send(url, 'PATCH', { token: scoped, headers, body: 'x' });
  expect(response.status).toBe(403);
});
