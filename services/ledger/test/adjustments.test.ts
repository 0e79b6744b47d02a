import { timestampMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Entry_Kind } from '@loyalty/proto/loyalty/ledger/v1/entry_pb.ts';
import { createCustomMember, fixed } from './custom-program.ts';
import { dayMs, type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import {
  admin,
  checkout,
  purchase,
  refusalOf,
  secondsAndNanos,
  tokenOf,
} from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

type Member = { programId: string; userId: string };
type Request = Parameters<MovingSetting['clients']['ledger']['adjustBalance']>[0];

function adjust(member: Member, points: bigint, changes: Request = {}, caller = admin) {
  return setting.clients.ledger.adjustBalance(
    { ...member, points, idempotencyKey: 'key', reason: 'goodwill', ...changes },
    caller,
  );
}

async function balanceOf(member: Member) {
  return (await setting.clients.ledger.getBalance(member, checkout)).balance;
}

/** When the points expire that expire next. */
async function nextExpiryMs(member: Member): Promise<number | undefined> {
  const time = (await balanceOf(member))?.nextExpiry?.time;
  return time && timestampMs(time);
}

async function kindsOf(member: Member): Promise<Entry_Kind[]> {
  const { entries } = await setting.clients.ledger.listEntries(member, checkout);
  return entries.map(({ kind }) => kind).toReversed();
}

/** The end of the UTC day `days` days after an instant. */
function endOfDay(instantMs: number, days: number): number {
  return (Math.floor(instantMs / dayMs) + days + 1) * dayMs;
}

const twoDays = {
  expiry: { policy: { case: 'after', value: { period: { case: 'days', value: 2 } } } },
} as const;
const oneMonthIdle = {
  expiry: { policy: { case: 'inactivity', value: { months: 1 } } },
} as const;

describe('an adjustment', () => {
  test('adds points that can be spent at once and don’t count as earned', async () => {
    const member = await createCustomMember(setting, { rewards: [fixed('glass', 10n)] });
    const answer = await adjust(member, 10n);
    expect(answer).toMatchObject({
      replayed: false,
      entry: { kind: Entry_Kind.ADJUST, points: 10n, reason: 'goodwill', actor: 'admin:ann' },
      balance: { available: 10n, lifetimeEarned: 0n },
    });
    const { ledger, redemptions } = setting.clients;
    const { entries } = await ledger.listEntries(member, checkout);
    expect(entries[0]).toEqual(answer.entry);
    await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'a' }, checkout);
  });

  test('takes points, and no more than there are unless a deficit is allowed', async () => {
    const member = await createCustomMember(setting, { dollars: 10 });
    expect((await adjust(member, -4n)).balance).toMatchObject({ available: 6n });
    const more = { idempotencyKey: 'more' };
    expect(await refusalOf(adjust(member, -10n, more))).toMatchObject({
      code: 9,
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '4' },
    });
    const answer = await adjust(member, -10n, { ...more, allowDeficit: true });
    expect(answer).toMatchObject({
      entry: { points: -10n, available: -6n, deficit: 4n },
      balance: { available: 0n, deficit: 4n, lifetimeEarned: 10n },
    });
    expect(await refusalOf(adjust(member, -3n, { idempotencyKey: 'again' }))).toMatchObject({
      reason: 'INSUFFICIENT_POINTS',
      metadata: { missingPoints: '7' },
    });
    expect((await adjust(member, 5n, { idempotencyKey: 'back' })).balance).toMatchObject({
      available: 1n,
      deficit: 0n,
    });
  });

  test('is made once for each key', async () => {
    const member = await createCustomMember(setting);
    const answers = await Promise.all(Array.from({ length: 40 }, () => adjust(member, 7n)));
    const [made, ...others] = answers.filter(({ replayed }) => !replayed);
    expect(others).toEqual([]);
    expect(await adjust(member, 7n)).toEqual({ ...made, replayed: true });
    const tomorrow = secondsAndNanos(setting.now() + dayMs);
    const dates = 'available_time,expire_time';
    for (const [other, fields] of [
      [adjust(member, 8n), 'points'],
      [adjust(member, 7n, { reason: 'error' }), 'reason'],
      [adjust(member, 7n, { note: 'Sorry' }), 'note'],
      [adjust(member, 7n, { allowDeficit: true }), 'allow_deficit'],
      [adjust(member, 7n, { availableTime: tomorrow }), dates],
      [adjust(member, 7n, { expireTime: tomorrow }), dates],
      [adjust(member, 9n, { note: 'Sorry', expireTime: tomorrow }), `points,note,${dates}`],
    ] as const) {
      expect(await refusalOf(other)).toMatchObject({
        code: 6,
        reason: 'IDEMPOTENCY_KEY_REUSED',
        metadata: { fields },
      });
    }
    expect(await balanceOf(member)).toMatchObject({ available: 7n });
  });

  test('says to the member what its note says', async () => {
    const member = await createCustomMember(setting);
    const { entry } = await adjust(member, 5n, { note: 'Sorry for the delay' });
    expect(entry).toMatchObject({ reason: 'goodwill', note: 'Sorry for the delay' });
    await adjust(member, -5n, { note: 'Given twice', idempotencyKey: 'back' });
    await adjust(member, 1n, { idempotencyKey: 'without' });
    const alice = await tokenOf('member', 'alice');
    const { entries } = await setting.clients.ledger.listEntries(member, alice);
    expect(entries.map(({ note }) => note)).toEqual(['', 'Given twice', 'Sorry for the delay', '']);
  });

  test('gives points that live as long as those earned now', async () => {
    const member = await createCustomMember(setting, { ruleSet: twoDays });
    await adjust(member, 10n);
    setting.letPass(dayMs);
    expect(await balanceOf(member)).toMatchObject({ available: 10n, nextExpiry: { points: 10n } });
    setting.letPass(3 * dayMs);
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('is possible while the member is suspended', async () => {
    const member = await createCustomMember(setting);
    await setting.clients.memberships.suspendMembership(member, admin);
    expect((await adjust(member, 5n)).balance).toMatchObject({ available: 5n });
  });
});

describe('points that are given with dates', () => {
  test('can be spent at once and are gone at their own date', async () => {
    const member = await createCustomMember(setting, { ruleSet: twoDays });
    const expireMs = setting.now() + 10 * dayMs;
    const expireTime = secondsAndNanos(expireMs);
    expect((await adjust(member, 10n, { expireTime })).entry).toMatchObject({ available: 10n });
    expect(await nextExpiryMs(member)).toBe(expireMs);
    setting.letPass(expireMs - setting.now());
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeExpired: 10n });
  });

  test('are pending until theirs, and the policy counts from it', async () => {
    const member = await createCustomMember(setting, { ruleSet: twoDays });
    const availableMs = setting.now() + 10 * dayMs;
    const availableTime = secondsAndNanos(availableMs);
    expect(await adjust(member, 10n, { availableTime })).toMatchObject({
      entry: { points: 10n, pending: 10n, available: 0n, balanceAfter: 0n },
      balance: { available: 0n, pending: 10n, lifetimeEarned: 0n },
    });
    expect(await nextExpiryMs(member)).toBe(endOfDay(availableMs, 2));
    expect(await refusalOf(adjust(member, -1n, { idempotencyKey: 'take' }))).toMatchObject({
      metadata: { missingPoints: '1' },
    });
    setting.letPass(availableMs - setting.now());
    expect(await balanceOf(member)).toMatchObject({ available: 10n, pending: 0n });
    const again = await adjust(member, 10n, { availableTime });
    expect(again).toMatchObject({ replayed: true, entry: { pending: 10n } });
    setting.letPass(4 * dayMs);
    await adjust(member, 1n, { idempotencyKey: 'later' });
    expect((await kindsOf(member)).slice(1)).toEqual([
      Entry_Kind.ADJUST,
      Entry_Kind.MATURE,
      Entry_Kind.EXPIRE,
      Entry_Kind.ADJUST,
    ]);
  });

  test('can have both dates, to the millisecond', async () => {
    const member = await createCustomMember(setting, { ruleSet: twoDays });
    const { seconds } = secondsAndNanos(setting.now() + dayMs);
    const availableTime = { seconds, nanos: 7_999_999 };
    const expireTime = { seconds: seconds + 60n, nanos: 0 };
    await adjust(member, 10n, { availableTime, expireTime });
    expect(await nextExpiryMs(member)).toBe(Number(seconds + 60n) * secondMs);
    setting.letPass(Number(seconds) * secondMs + 7 - setting.now());
    expect(await balanceOf(member)).toMatchObject({ available: 10n });
    const sameMs = { seconds, nanos: 7_000_000 };
    const again = await adjust(member, 10n, { availableTime: sameMs, expireTime });
    expect(again.replayed).toBe(true);
  });

  test('that have passed are given now: to be spent at once, or to expire in the next entry', async () => {
    const member = await createCustomMember(setting, { ruleSet: twoDays });
    const yesterday = secondsAndNanos(setting.now() - dayMs);
    await adjust(member, 5n, { availableTime: yesterday });
    expect(await nextExpiryMs(member)).toBe(endOfDay(setting.now(), 2));
    await adjust(member, -8n, { allowDeficit: true, idempotencyKey: 'owe' });
    const gone = { idempotencyKey: 'gone', expireTime: yesterday };
    expect(await adjust(member, 10n, gone)).toMatchObject({
      entry: { points: 10n, available: 7n, deficit: -3n },
      balance: { available: 0n, deficit: 0n, lifetimeExpired: 7n },
    });
    expect((await kindsOf(member)).slice(-2)).toEqual([Entry_Kind.ADJUST, Entry_Kind.EXPIRE]);
  });
});

describe('points that are given where points expire by inactivity', () => {
  test('expire with the others, whose date they don’t move', async () => {
    const member = await createCustomMember(setting, { dollars: 10, ruleSet: oneMonthIdle });
    const dateMs = await nextExpiryMs(member);
    setting.letPass(5 * dayMs);
    await adjust(member, 5n);
    expect(await balanceOf(member)).toMatchObject({ nextExpiry: { points: 15n } });
    expect(await nextExpiryMs(member)).toBe(dateMs);
  });

  test('start the month where none runs, or where it is over', async () => {
    const member = await createCustomMember(setting, { ruleSet: oneMonthIdle });
    await adjust(member, 5n);
    const firstMs = (await nextExpiryMs(member)) ?? 0;
    setting.letPass(firstMs - setting.now());
    expect(await balanceOf(member)).toMatchObject({ available: 0n, lifetimeExpired: 5n });
    await adjust(member, 5n, { idempotencyKey: 'second' });
    expect(await nextExpiryMs(member)).toBeGreaterThan(setting.now() + 27 * dayMs);
  });

  test('start it at their own date, when they can’t be spent before', async () => {
    const member = await createCustomMember(setting, { ruleSet: oneMonthIdle });
    const availableMs = setting.now() + 40 * dayMs;
    await adjust(member, 5n, { availableTime: secondsAndNanos(availableMs) });
    expect(await nextExpiryMs(member)).toBeGreaterThan(availableMs + 27 * dayMs);
  });

  test('are refused where they would expire before they can be spent, unless they have a date of their own', async () => {
    const member = await createCustomMember(setting, { dollars: 10, ruleSet: oneMonthIdle });
    const dateMs = (await nextExpiryMs(member)) ?? 0;
    for (const availableMs of [dateMs, dateMs + 9 * dayMs]) {
      const { reason, violations } = await refusalOf(
        adjust(member, 5n, { availableTime: secondsAndNanos(availableMs) }),
      );
      const { field, message = '' } = violations?.[0] ?? {};
      expect([reason, field]).toEqual(['VALIDATION_FAILED', 'available_time']);
      expect(message).toContain(new Date(dateMs).toISOString());
      expect(message).toContain('or give an expire_time as well');
    }
    expect(await balanceOf(member)).toMatchObject({ available: 10n, pending: 0n });
    const availableTime = secondsAndNanos(dateMs - 1);
    expect((await adjust(member, 5n, { availableTime })).balance).toMatchObject({ pending: 5n });
    const own = {
      idempotencyKey: 'own',
      availableTime: secondsAndNanos(dateMs + 9 * dayMs),
      expireTime: secondsAndNanos(dateMs + 20 * dayMs),
    };
    expect((await adjust(member, 5n, own)).balance).toMatchObject({ pending: 10n });
  });

  test('keep a date of their own, whatever the member does', async () => {
    const member = await createCustomMember(setting, { ruleSet: oneMonthIdle });
    const expireMs = setting.now() + 10 * dayMs;
    await adjust(member, 5n, { expireTime: secondsAndNanos(expireMs) });
    await setting.clients.ledger.earn({ ...member, transaction: purchase(1_000) }, checkout);
    expect(await balanceOf(member)).toMatchObject({ nextExpiry: { points: 5n } });
    expect(await nextExpiryMs(member)).toBe(expireMs);
  });
});

describe('to someone who left', () => {
  async function leftOwing(points: bigint): Promise<Member> {
    const member = await createCustomMember(setting);
    await adjust(member, -points, { allowDeficit: true, idempotencyKey: 'owe' });
    await setting.clients.memberships.leaveProgram(member, admin);
    return member;
  }

  test('no more points are given than they owe', async () => {
    const member = await leftOwing(10n);
    const kinds = await kindsOf(member);
    expect(await refusalOf(adjust(member, 11n))).toMatchObject({
      code: 9,
      reason: 'MEMBERSHIP_LEFT',
    });
    expect(await kindsOf(member)).toEqual(kinds);
    expect((await adjust(member, 4n)).balance).toMatchObject({ available: 0n, deficit: 6n });
    expect((await adjust(member, 6n, { idempotencyKey: 'rest' })).balance).toMatchObject({
      available: 0n,
      deficit: 0n,
    });
    const more = adjust(member, 1n, { idempotencyKey: 'more' });
    expect(await refusalOf(more)).toMatchObject({ reason: 'MEMBERSHIP_LEFT' });
  });

  test('none are given that can’t pay at once', async () => {
    const member = await leftOwing(10n);
    const availableTime = secondsAndNanos(setting.now() + dayMs);
    expect(await refusalOf(adjust(member, 5n, { availableTime }))).toMatchObject({
      reason: 'MEMBERSHIP_LEFT',
    });
    const expireTime = secondsAndNanos(setting.now() - dayMs);
    expect((await adjust(member, 5n, { expireTime })).balance).toMatchObject({
      deficit: 5n,
      lifetimeExpired: 0n,
    });
  });

  test('a deficit can be added', async () => {
    const member = await leftOwing(10n);
    expect((await adjust(member, -5n, { allowDeficit: true })).balance).toMatchObject({
      deficit: 15n,
    });
  });
});

describe('no adjustment is made', () => {
  test.each([
    ['of nothing', { points: 0n }, 'VALIDATION_FAILED'],
    ['of more than can be represented', { points: 2n ** 53n }, 'VALIDATION_FAILED'],
    ['without a reason', { reason: '' }, 'VALIDATION_FAILED'],
    ['with a NUL in its reason', { reason: 'a\0b' }, 'VALIDATION_FAILED'],
    ['with a NUL in its note', { note: 'a\0b' }, 'VALIDATION_FAILED'],
    ['with a note of more than 500 bytes', { note: 'x'.repeat(501) }, 'VALIDATION_FAILED'],
    ['without a key', { idempotencyKey: '' }, 'VALIDATION_FAILED'],
    ['for a user who never joined', { userId: 'nobody' }, 'MEMBERSHIP_NOT_FOUND'],
    ['in an unknown program', { programId: 'no-such-program' }, 'PROGRAM_NOT_FOUND'],
  ])('%s', async (_, change, reason) => {
    const member = await createCustomMember(setting);
    expect(await refusalOf(adjust(member, 1n, change))).toMatchObject({ reason });
    expect(await balanceOf(member)).toMatchObject({ available: 0n });
  });

  test.each<[string, Request, string[]]>([
    [
      'that takes points with dates',
      { points: -1n, availableTime: { seconds: 1n }, expireTime: { seconds: 2n } },
      ['available_time', 'expire_time'],
    ],
    [
      'of points that are gone when they could be spent',
      { availableTime: { seconds: 9_000_000_000n }, expireTime: { seconds: 9_000_000_000n } },
      ['expire_time'],
    ],
    [
      'of points for the time after the year 9000',
      { availableTime: { seconds: 221_845_392_000n } },
      ['available_time'],
    ],
    ['at no time', { expireTime: { seconds: -62_135_596_801n } }, ['expire_time']],
  ])('%s', async (_, change, fields) => {
    const member = await createCustomMember(setting);
    const { reason, violations } = await refusalOf(adjust(member, 1n, change));
    expect(reason).toBe('VALIDATION_FAILED');
    expect(violations?.map(({ field }) => field)).toEqual(fields);
  });

  test('that takes the balance beyond what can be represented', async () => {
    const member = await createCustomMember(setting);
    const most = 2n ** 53n - 1n;
    await adjust(member, most);
    const more = adjust(member, 1n, { idempotencyKey: 'more' });
    expect(await refusalOf(more)).toMatchObject({ reason: 'LIMIT_EXCEEDED' });
    expect(await balanceOf(member)).toMatchObject({ available: most });
  });

  test('by anyone but an admin', async () => {
    const member = await createCustomMember(setting);
    for (const caller of [checkout, await tokenOf('member', 'alice')]) {
      expect(await refusalOf(adjust(member, 1n, {}, caller))).toMatchObject({
        reason: 'PERMISSION_DENIED',
      });
    }
  });
});
