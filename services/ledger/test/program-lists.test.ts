// What support finds without a user id: the earns, entries and redemptions of all members of a program.

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Earn_State } from '@loyalty/proto/loyalty/ledger/v1/earn_pb.ts';
import { type Entry, Entry_Kind as Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import {
  type Redemption,
  Redemption_State,
} from '@loyalty/proto/loyalty/ledger/v1/redemption_pb.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { createCustomProgram, fixed } from './custom-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { amount, full, reportsTo } from './refund-reports.ts';
import { checkout, purchase, refusalOf, secondsAndNanos, tokenOf } from './running-ledger.ts';

const users = ['alice', 'bob', 'carol'];

let setting: MovingSetting;
let programId: string;
/** Between what each member did before and after. */
let noon: number;
beforeAll(async () => {
  setting = await startMovingSetting({ stopped: true });
  programId = await createCustomProgram(setting, {
    rewards: [fixed('glass', 10n), fixed('cheese', 20n)],
  });
  await shop();
  setting.letPass(60 * secondMs);
  noon = setting.now();
  await shop();
});
afterAll(() => setting.stop());

const { refund } = reportsTo(() => setting);

/** Everyone buys three times in one batch, has one purchase refunded and another in part, and redeems. */
async function shop(): Promise<void> {
  const { ledger, redemptions } = setting.clients;
  const occurTime = secondsAndNanos(setting.now());
  const earns = users.flatMap((userId) =>
    [1, 2, 3].map((n) => ({ userId, transaction: purchase(n * 10_000, { occurTime }) })),
  );
  await ledger.batchEarn({ programId, earns, joinMissing: true }, checkout);
  setting.letPass(secondMs);
  for (const [index, extent] of [full, amount(100n)].entries()) {
    const transactionId = earns[index]?.transaction.transactionId ?? '';
    await refund({ programId, transactionId }, extent);
  }
  for (const userId of users) {
    for (const [rewardId, capture] of [
      ['glass', RedeemRequest_Capture.HOLD],
      ['glass', RedeemRequest_Capture.IMMEDIATE],
      ['cheese', RedeemRequest_Capture.HOLD],
    ] as const) {
      const idempotencyKey = `${rewardId}-${capture}-${setting.now()}`;
      const reference = userId === 'bob' ? 'table 4' : '';
      await redemptions.redeem(
        { programId, userId, rewardId, capture, idempotencyKey, reference },
        checkout,
      );
    }
  }
}

/** All items, asked for two at a time. */
async function pagesOf<Item>(
  list: (page: { pageSize: number; pageToken: string }) => Promise<[Item[], string]>,
): Promise<Item[]> {
  const all: Item[] = [];
  let pageToken = '';
  do {
    const [items, next] = await list({ pageSize: 2, pageToken });
    expect(items.length).toBeLessThanOrEqual(2);
    all.push(...items);
    pageToken = next;
  } while (pageToken !== '');
  return all;
}

const beforeNoon = () => ({ endTime: timestampFromMs(noon) });
const sinceNoon = () => ({ startTime: timestampFromMs(noon) });

describe('the earns of a program', () => {
  const listEarns = async (filter: object = {}) => {
    const { earns } = await setting.clients.ledger.listProgramEarns(
      { programId, pageSize: 500, ...filter },
      checkout,
    );
    return earns;
  };

  test('are those of all members, the newest first, each with its user', async () => {
    const all = await listEarns();
    expect(all).toHaveLength(18);
    expect(new Set(all.map(({ userId }) => userId))).toEqual(new Set(users));
    for (const userId of users) {
      const own = await setting.clients.ledger.listEarns({ programId, userId }, checkout);
      const ids = own.earns.map(({ transactionId }) => transactionId);
      const found = all.filter((earn) => earn.userId === userId);
      expect(found.map(({ transactionId }) => transactionId).toSorted()).toEqual(ids.toSorted());
    }
    const times = all.map(({ postTime }) => Number(postTime?.seconds));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(all[0]).toMatchObject({ amount: { currencyCode: 'USD' }, explanation: [{}] });
  });

  test('are found by time and state, page by page, also those of one instant', async () => {
    const all = await listEarns();
    expect([...(await listEarns(sinceNoon())), ...(await listEarns(beforeNoon()))]).toEqual(all);
    for (const state of [undefined, Earn_State.POSTED, Earn_State.REVERSED]) {
      const filter = { ...(state !== undefined && { state }), ...beforeNoon() };
      const pages = await pagesOf(async (page) => {
        const answer = await setting.clients.ledger.listProgramEarns(
          { programId, ...filter, ...page },
          checkout,
        );
        return [answer.earns, answer.nextPageToken];
      });
      expect(pages).toEqual(await listEarns(filter));
      expect(pages).toHaveLength(state === undefined ? 9 : state === Earn_State.POSTED ? 8 : 1);
      expect(pages.every((earn) => state === undefined || earn.state === state)).toBe(true);
    }
  });
});

describe('the entries of a program', () => {
  const listEntries = async (filter: object = {}) => {
    const { entries } = await setting.clients.ledger.listProgramEntries(
      { programId, pageSize: 500, ...filter },
      checkout,
    );
    return entries;
  };
  const keyOf = ({ userId, sequence }: Entry) => `${userId} ${sequence}`;

  test('are those of all journals, the newest first, described as there', async () => {
    const all = await listEntries();
    for (const userId of users) {
      const own = await setting.clients.ledger.listEntries(
        { programId, userId, pageSize: 500 },
        checkout,
      );
      expect(all.filter((entry) => entry.userId === userId)).toEqual(own.entries);
    }
    const times = all.map(({ createTime }) => Number(createTime?.seconds));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(new Set(all.map(keyOf)).size).toBe(all.length);
  });

  test('are found by kind and time, page by page, also those of one instant', async () => {
    const all = await listEntries();
    const asked: Kind[][] = [
      [],
      [Kind.EARN],
      [Kind.REFUND, Kind.JOINED],
      [Kind.EARN, Kind.CAPTURE],
    ];
    for (const kinds of asked) {
      for (const times of [{}, sinceNoon(), beforeNoon()]) {
        const pages = await pagesOf(async (page) => {
          const answer = await setting.clients.ledger.listProgramEntries(
            { programId, kinds, ...times, ...page },
            checkout,
          );
          return [answer.entries, answer.nextPageToken];
        });
        const expected = all.filter(
          ({ kind, createTime }) =>
            (kinds.length === 0 || kinds.includes(kind)) &&
            (!('startTime' in times) || Number(createTime?.seconds) >= noon / 1000 - 1) &&
            (!('endTime' in times) || Number(createTime?.seconds) < noon / 1000 - 1),
        );
        expect(pages.map(keyOf)).toEqual(expected.map(keyOf));
        expect(pages.length).toBeGreaterThan(0);
      }
    }
  });
});

describe('the redemptions of a program', () => {
  const listRedemptions = async (filter: object = {}) => {
    const pages = await pagesOf(async (page) => {
      const answer = await setting.clients.redemptions.listProgramRedemptions(
        { programId, ...filter, ...page },
        checkout,
      );
      return [answer.redemptions, answer.nextPageToken];
    });
    return pages;
  };

  test('are found by time, state, reward and reference, and by all of these together', async () => {
    const all = await listRedemptions();
    expect(all).toHaveLength(18);
    expect([
      ...(await listRedemptions(sinceNoon())),
      ...(await listRedemptions(beforeNoon())),
    ]).toEqual(all);
    const { RESERVED, CAPTURED, EXPIRED } = Redemption_State;
    for (const state of [undefined, RESERVED, CAPTURED, EXPIRED]) {
      for (const rewardId of [undefined, 'glass', 'cheese']) {
        for (const reference of [undefined, 'table 4', 'table 5']) {
          const found = await listRedemptions({
            ...(state !== undefined && { state }),
            ...(rewardId !== undefined && { rewardId }),
            ...(reference !== undefined && { reference }),
          });
          const expected = all.filter(
            (each: Redemption) =>
              (state === undefined || each.state === state) &&
              (rewardId === undefined || each.rewardId === rewardId) &&
              (reference === undefined || each.reference === reference),
          );
          expect(found).toEqual(expected);
        }
      }
    }
  });

  test('that nobody captured are EXPIRED from their deadline on', async () => {
    const { RESERVED, EXPIRED } = Redemption_State;
    expect(await listRedemptions({ state: RESERVED })).toHaveLength(12);
    setting.letPass(15 * 60 * secondMs);
    expect(await listRedemptions({ state: RESERVED })).toEqual([]);
    const expired = await listRedemptions({ state: EXPIRED });
    expect(expired).toHaveLength(12);
    expect(expired.every(({ state }) => state === EXPIRED)).toBe(true);
  });
});

test('a journal is listed for a period that ends after it starts', async () => {
  const asked = { programId, userId: 'alice', ...sinceNoon(), ...beforeNoon() };
  expect(await refusalOf(setting.clients.ledger.listEntries(asked, checkout))).toMatchObject({
    reason: 'VALIDATION_FAILED',
    violations: [{ field: 'end_time', message: 'must be later than start_time' }],
  });
});

describe('a list of a program', () => {
  const lists = {
    earns: (request: object, caller = checkout) =>
      setting.clients.ledger.listProgramEarns({ programId, ...request }, caller),
    entries: (request: object, caller = checkout) =>
      setting.clients.ledger.listProgramEntries({ programId, ...request }, caller),
    redemptions: (request: object, caller = checkout) =>
      setting.clients.redemptions.listProgramRedemptions({ programId, ...request }, caller),
  };

  test.each(Object.entries(lists))('of %s takes the token of no other', async (_, list) => {
    const { nextPageToken: pageToken } = await list({ pageSize: 1 });
    for (const other of Object.values(lists)) {
      if (other === list) continue;
      expect(await refusalOf(other({ pageToken }))).toMatchObject({ reason: 'VALIDATION_FAILED' });
    }
    expect(await refusalOf(list({ pageToken, ...sinceNoon() }))).toMatchObject({
      reason: 'VALIDATION_FAILED',
    });
  });

  test.each(Object.entries(lists))(
    'of %s needs a period that ends after it starts',
    async (_, list) => {
      const { startTime } = sinceNoon();
      for (const endTime of [startTime, timestampFromMs(noon - 1)]) {
        expect(await refusalOf(list({ startTime, endTime }))).toMatchObject({
          reason: 'VALIDATION_FAILED',
          violations: [{ field: 'end_time', message: 'must be later than start_time' }],
        });
      }
    },
  );

  test.each(Object.entries(lists))('of %s is for operators, of known programs', async (_, list) => {
    const alice = await tokenOf('member', 'alice');
    expect(await refusalOf(list({}, alice))).toMatchObject({ reason: 'PERMISSION_DENIED' });
    expect(await refusalOf(list({ programId: 'no-such-one' }))).toMatchObject({
      reason: 'PROGRAM_NOT_FOUND',
    });
  });
});
