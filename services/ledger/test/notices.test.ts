// The notices of dates of points, as they arrive on the stream.
import { fromBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { readStream } from '@loyalty/platform/messaging/read-stream.ts';
import {
  type PointsNotice,
  PointsNoticeSchema,
} from '@loyalty/proto/loyalty/events/v1/points_notice_pb.ts';
import { Program_Enrollment } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { createZoneClock, dateOf } from '@loyalty/rules/zone-clock.ts';
import pg from 'pg';
import { createCustomMember, createCustomProgram, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, purchase, secondsAndNanos } from './running-ledger.ts';

let setting: MovingSetting;
let database: pg.Client;
beforeAll(async () => {
  setting = await startMovingSetting();
  database = new pg.Client(setting.databaseUrl);
  await database.connect();
});
// Two thousand members are checked.
afterAll(async () => {
  await database.end();
  await setting.stop();
}, patience(60_000));

interface Announced {
  readonly id: string;
  readonly type: string;
  readonly data: PointsNotice;
}

async function announced(programId: string): Promise<Announced[]> {
  const events: Announced[] = [];
  await readStream({
    nats: setting.nats,
    stream: 'LOYALTY_EVENTS',
    handle({ subject, header, data }) {
      const isNotice = /\.points\.(?:expiring|maturing)$/.test(subject);
      if (!isNotice || !subject.startsWith(`loyalty.events.v1.${programId}.`)) return;
      const notice = fromBinary(PointsNoticeSchema, data);
      events.push({ id: header('ce-id') ?? '', type: header('ce-type') ?? '', data: notice });
    },
  });
  return events;
}

/** Resolves when a program that came later has got its notice, so that all that was due before it has been given. */
async function noticesAreGiven(): Promise<void> {
  const member = await createCustomMember(setting, {
    ruleSet: { maturation: { policy: { case: 'after', value: { days: 1 } } } },
    settings: { notices: { maturingDays: 90 } },
  });
  const transaction = purchase(100, { occurTime: secondsAndNanos(setting.now()) });
  await setting.clients.ledger.earn({ ...member, transaction }, checkout);
  const isAnnounced = async () => expect(await announced(member.programId)).toHaveLength(1);
  // The ledger may look before it knows that the program wants notices.
  for (let looks = 0; looks < 10; looks++) {
    setting.letPass(10 * 60_000);
    const isDone = await eventually(isAnnounced, 3_000).then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
  throw new Error('no notices are given');
}

const paris = createZoneClock('Europe/Paris');
const expiresAfter = (days: number) =>
  ({
    policy: { case: 'after', value: { period: { case: 'days', value: days } } },
  }) as const;

test('a member hears once, seven days before, how many points expire at the end of a day', async () => {
  const member = await createCustomMember(setting, {
    ruleSet: { expiry: expiresAfter(30) },
    rewards: [fixed('glass', 5n)],
    settings: {
      timeZone: 'Europe/Paris',
      unit: { singular: 'token', plural: 'tokens' },
      notices: { expiringDays: 7 },
    },
  });
  const { ledger, memberships, redemptions } = setting.clients;
  await memberships.updateMembership(
    { ...member, membership: { attributes: { language: 'fr' } } },
    checkout,
  );
  const occurTime = secondsAndNanos(setting.now());
  for (let index = 0; index < 2; index++) {
    await ledger.earn({ ...member, transaction: purchase(1_500, { occurTime }) }, checkout);
  }
  await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'a' }, checkout);
  const { expiries } = await ledger.listExpiries(member, checkout);
  const expireTime = expiries[0]?.time;
  const expiresAt = timestampMs(expireTime as NonNullable<typeof expireTime>);

  setting.letPassUntil(expiresAt - 8 * dayMs - 3_600_000);
  await noticesAreGiven();
  expect(await announced(member.programId)).toEqual([]);
  setting.letPassUntil(expiresAt - 7 * dayMs);
  await noticesAreGiven();
  const date = dateOf(paris.dayOf(expiresAt - 1)).toString();
  const [notice, ...others] = await announced(member.programId);
  expect(others).toEqual([]);
  expect(notice).toMatchObject({
    id: `${notice?.data.membershipId}-expiring-${date}`,
    type: 'loyalty.points.expiring',
    data: {
      ...{ ...member, points: 25n, date, time: expireTime, timeZone: 'Europe/Paris' },
      unit: { singular: 'token', plural: 'tokens' },
      attributes: { language: 'fr' },
    },
  });

  // Nothing that happens later makes another one of the same day.
  await ledger.adjustBalance(
    { ...member, idempotencyKey: 'b', points: 3n, reason: 'a gift', expireTime },
    admin,
  );
  setting.letPass(2 * dayMs);
  await noticesAreGiven();
  expect(await announced(member.programId)).toEqual([notice]);
});

test('while the program or the membership is suspended the notice waits, and it comes at once where a date is near', async () => {
  const member = await createCustomMember(setting, {
    ruleSet: { maturation: { policy: { case: 'after', value: { days: 5 } } } },
    settings: { notices: { maturingDays: 30 } },
  });
  const { memberships, ledger } = setting.clients;
  const occurTime = secondsAndNanos(setting.now());
  await ledger.earn({ ...member, transaction: purchase(1_000, { occurTime }) }, checkout);
  await memberships.suspendMembership(member, admin);
  await noticesAreGiven();
  expect(await announced(member.programId)).toEqual([]);
  await memberships.resumeMembership(member, admin);
  await noticesAreGiven();
  expect((await announced(member.programId)).map(({ type, data }) => [type, data.points])).toEqual([
    ['loyalty.points.maturing', 10n],
  ]);
});

test(
  'each of many members has one notice, though several ledgers look, and those of other programs have none',
  async () => {
    const replicas = await Promise.all([setting.startReplica(), setting.startReplica()]);
    try {
      // Several steps of a pass, all with the same date.
      const count = 950;
      const programOf = (settings: object) =>
        createCustomProgram(setting, {
          ruleSet: { expiry: expiresAfter(30) },
          settings: { enrollment: Program_Enrollment.AUTO, ...settings },
        });
      const programId = await programOf({ notices: { expiringDays: 90 } });
      const silent = await programOf({});
      const occurTime = secondsAndNanos(setting.now());
      for (const id of [programId, silent]) {
        const earns = Array.from({ length: count }, (_, index) => ({
          userId: `user-${index}`,
          transaction: purchase(1_000, { occurTime }),
        }));
        await setting.clients.ledger.batchEarn({ programId: id, earns }, checkout);
      }
      await noticesAreGiven();
      await eventually(
        async () => expect(await announced(programId)).toHaveLength(count),
        patience(30_000),
      );
      const notices = await announced(programId);
      expect(new Set(notices.map(({ id }) => id)).size).toBe(count);
      expect(new Set(notices.map(({ data }) => data.points))).toEqual(new Set([10n]));
      expect(await announced(silent)).toEqual([]);
      const { rows } = await database.query(
        'SELECT count(*)::integer AS count FROM notices JOIN memberships USING (membership_id) WHERE program_id = $1',
        [programId],
      );
      expect(rows).toEqual([{ count }]);
    } finally {
      await Promise.all(replicas.map((replica) => replica.stop()));
    }
  },
  patience(120_000),
);
