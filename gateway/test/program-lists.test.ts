// The JSON of the lists of all members of a program.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { Redemption_State } from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
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
let token: string;
let asked: unknown;

function responding(response: object) {
  return (request: unknown) => {
    asked = request;
    return Promise.resolve(response);
  };
}

const startTime = timestampFromMs(Date.parse('2026-03-01T00:00:00Z'));

beforeAll(async () => {
  service = await startService({
    listProgramEarns: responding({
      earns: [{ userId: 'alice', transactionId: 'order-77', state: Earn_State.REVERSED }],
      nextPageToken: 'more',
    }),
    listProgramEntries: responding({
      entries: [{ userId: 'alice', sequence: 4n, kind: Entry_Kind.ADJUST, points: -3n }],
    }),
    listProgramRedemptions: responding({
      redemptions: [{ userId: 'alice', rewardId: 'glass', state: Redemption_State.CAPTURED }],
    }),
  });
  gateway = await startTestGateway(service.address);
  token = await tokenFor('service', 'support');
});
afterAll(async () => {
  await gateway?.stop();
  await service?.stop();
});

async function list(path: string): Promise<unknown> {
  const { status, json } = await send(`${gateway.url}/v1/programs/wine-dine/${path}`, 'GET', {
    token,
  });
  expect(status).toBe(200);
  return json;
}

test('earns of a program leave out what the list doesn’t load, and show what is empty', async () => {
  const json = await list('earns?startTime=2026-03-01T00:00:00Z&state=REVERSED&pageSize=1');
  expect(asked).toMatchObject({
    programId: 'wine-dine',
    ...{ startTime, state: Earn_State.REVERSED, pageSize: 1 },
  });
  expect(json).toEqual({
    earns: [
      {
        ...{ programId: '', userId: 'alice', transactionId: 'order-77', state: 'REVERSED' },
        ...{ points: 0, reversedPoints: 0, ruleSetVersion: 0, channel: '' },
        ...{ explanation: [], explanationOmitted: false },
      },
    ],
    nextPageToken: 'more',
  });
});

test('entries of a program say whose they are', async () => {
  const json = await list('entries?kinds=ADJUST&kinds=REFUND');
  expect(asked).toMatchObject({ kinds: [Entry_Kind.ADJUST, Entry_Kind.REFUND] });
  const entry = { userId: 'alice', sequence: 4, kind: 'ADJUST', points: -3, rules: [] };
  expect(json).toEqual({ entries: [expect.objectContaining(entry)], nextPageToken: '' });
});

test('redemptions of a program are found by reward and reference', async () => {
  const json = await list('redemptions?rewardId=glass&reference=table%204');
  expect(asked).toMatchObject({ rewardId: 'glass', reference: 'table 4' });
  const redemption = { userId: 'alice', rewardId: 'glass', state: 'CAPTURED' };
  expect(json).toEqual({ redemptions: [expect.objectContaining(redemption)], nextPageToken: '' });
});
