import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Entry, EntryKind } from '../src/domain/journal.ts';
import {
  aProgram,
  aPurchase,
  aRedemption,
  author,
  goldTier,
  rewards,
  startUseCases,
} from './commit-fixture.ts';

const alice = { programId: 'wine-dine', userId: 'alice' };
const hourMs = 3_600_000;
const start = Date.parse('2026-03-01T12:00:00Z');
const glass = rewards({
  programId: 'wine-dine',
  rewardId: 'glass',
  displayName: 'A glass',
  price: { case: 'fixed', value: { points: 5n } },
});

let ledger: Awaited<ReturnType<typeof startUseCases>>;
let membershipId: bigint;
let journal: Entry[];

const everything = {
  kinds: [] as EntryKind[],
  startTime: undefined,
  endTime: undefined,
  limit: 1_000,
  after: undefined,
};

beforeAll(async () => {
  ledger = await startUseCases(aProgram({ rewards: glass }));
  // Several entries an hour, and hours without any.
  for (let hour = 0; hour < 12; hour += 1) {
    ledger.setClock(new Date(start + hour * hourMs));
    if (hour % 3 === 2) continue;
    await ledger.earn(aPurchase({ userId: 'alice', minorUnits: 20_000n }), author);
    if (hour % 2 === 0) await ledger.redeem(aRedemption({ userId: 'alice' }), author);
    if (hour === 4) await ledger.update({ ...alice, attributes: goldTier, etags: [] }, author);
  }
  membershipId = (await ledger.reader.membershipId(alice)) ?? 0n;
  journal = await ledger.reader.entries({ membershipId, ...everything });
});
afterAll(async () => {
  await ledger.stop();
});

const times = [undefined, ...[-1, 0, 0.5, 2, 4, 9.5, 10, 11, 12].map((h) => start + h * hourMs)];
const kinds: EntryKind[][] = [
  [],
  ['EARN'],
  ['CAPTURE'],
  ['UPDATED', 'JOINED', 'UPDATED'],
  ['CAPTURE', 'EARN', 'UPDATED'],
  ['FORFEIT'],
];

test.each(kinds.map((each) => [each]))(
  'entries of kinds %j between any times are those that a look at each entry finds',
  async (asked) => {
    expect(journal.map(({ sequence }) => Number(sequence))).toEqual(
      journal.map((_, index) => journal.length - index),
    );
    for (const startTime of times) {
      for (const endTime of times) {
        const found = await ledger.reader.entries({
          ...everything,
          membershipId,
          kinds: asked,
          startTime,
          endTime,
        });
        const expected = journal.filter(
          ({ kind, createTime }) =>
            (asked.length === 0 || asked.includes(kind)) &&
            createTime >= (startTime ?? start) &&
            createTime < (endTime ?? Number.POSITIVE_INFINITY),
        );
        expect(found).toEqual(expected);
      }
    }
  },
);

test('pages of a filtered list go on where the one before ended', async () => {
  const filter = { ...everything, membershipId, kinds: ['EARN', 'CAPTURE'] as EntryKind[] };
  const startTime = start + hourMs;
  const whole = await ledger.reader.entries({ ...filter, startTime });
  const pages: Entry[] = [];
  for (;;) {
    const after = pages.at(-1)?.sequence;
    const page = await ledger.reader.entries({ ...filter, startTime, limit: 2, after });
    if (page.length === 0) break;
    pages.push(...page);
  }
  expect(pages).toEqual(whole);
});
