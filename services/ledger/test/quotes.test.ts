import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@loyalty/local/test-patience.ts';
import { RedeemRequest_Capture } from '@loyalty/proto/loyalty/ledger/v1/redemption_service_pb.ts';
import { ErrorReason } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { MemberLimit_Period, Reward_State } from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import pg from 'pg';
import { conversion, createCustomMember, fixed } from './custom-program.ts';
import { type MovingSetting, secondMs, startMovingSetting } from './moving-clock.ts';
import { admin, checkout, refusalOf, secondsAndNanos, tokenOf } from './running-ledger.ts';

let setting: MovingSetting;
beforeAll(async () => {
  setting = await startMovingSetting();
});
afterAll(() => setting.stop());

const alice = await tokenOf('member', 'alice');

type Member = { programId: string; userId: string };

async function quote(member: Member, request: { rewardId: string } & Record<string, unknown>) {
  const answer = await setting.clients.redemptions.quoteRedemption(
    { ...member, ...request },
    alice,
  );
  return answer.quote;
}

const reasonsOf = (shown: Awaited<ReturnType<typeof quote>>) =>
  shown?.obstacles.map(({ reason }) => reason);

describe('a quote', () => {
  test('tells the price, and that nothing stands in the way', async () => {
    const member = await createCustomMember(setting, {
      dollars: 250,
      rewards: [fixed('glass', 10n, { displayName: 'A glass of wine' }), conversion('cash')],
    });
    expect(await quote(member, { rewardId: 'glass', quantity: 3 })).toMatchObject({
      rewardId: 'glass',
      displayName: 'A glass of wine',
      quantity: 3,
      points: 30n,
      affordable: true,
      obstacles: [],
    });
    expect(await quote(member, { rewardId: 'cash', points: 200n })).toMatchObject({
      points: 200n,
      value: { currencyCode: 'USD', minorUnits: 200n },
      affordable: true,
    });
  });

  test('describes the reward, and says how many units are left', async () => {
    const texts = { description: 'Red or white.', imageUri: 'https://images.example.test/1.png' };
    const rewards = [fixed('glass', 10n, { ...texts, stock: { limit: 2n } }), fixed('song', 1n)];
    const member = await createCustomMember(setting, { dollars: 250, rewards });
    const { redemptions, rewards: offered } = setting.clients;
    const left = async () => (await quote(member, { rewardId: 'glass' }))?.stockLeft;
    expect(await quote(member, { rewardId: 'glass' })).toMatchObject({ ...texts, stockLeft: 2n });
    expect(await quote(member, { rewardId: 'song' })).not.toHaveProperty('stockLeft');
    await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'one' }, checkout);
    expect(await left()).toBe(1n);
    const { rewardQuotes } = await redemptions.listRewardQuotes(member, alice);
    expect(rewardQuotes[0]).toEqual(await quote(member, { rewardId: 'glass' }));
    // Lowered below what is taken, and nothing is left, not less.
    await redemptions.redeem({ ...member, rewardId: 'glass', idempotencyKey: 'two' }, checkout);
    const reward = { stock: { limit: 1n } };
    await offered.updateReward({ ...member, rewardId: 'glass', reward }, admin);
    await eventually(async () => expect(await left()).toBe(0n));
    expect(reasonsOf(await quote(member, { rewardId: 'glass' }))).toEqual([
      ErrorReason.OUT_OF_STOCK,
    ]);
  });

  test('names everything that stands in the way, and what is missing', async () => {
    const yesterday = secondsAndNanos(Date.now() - 86_400_000);
    const hopeless = fixed('glass', 10n, {
      stock: { limit: 0n },
      memberLimit: { count: 1, period: MemberLimit_Period.DAY },
      availability: { endTime: yesterday },
    });
    const gold = fixed('gold', 20n, { condition: "member.attributes['tier'] == 'gold'" });
    const member = await createCustomMember(setting, { dollars: 5, rewards: [hopeless, gold] });
    const shown = await quote(member, { rewardId: 'glass', quantity: 2 });
    expect(shown).toMatchObject({ affordable: false, points: 20n });
    expect(reasonsOf(shown)).toEqual([
      ErrorReason.REWARD_UNAVAILABLE,
      ErrorReason.OUT_OF_STOCK,
      ErrorReason.MEMBER_LIMIT_REACHED,
      ErrorReason.INSUFFICIENT_POINTS,
    ]);
    expect(shown?.obstacles.at(-1)?.metadata).toEqual({ missingPoints: '15' });
    expect(reasonsOf(await quote(member, { rewardId: 'gold' }))).toEqual([
      ErrorReason.CONDITION_NOT_MET,
      ErrorReason.INSUFFICIENT_POINTS,
    ]);
  });

  test('says that the member, or the program, is suspended', async () => {
    const member = await createCustomMember(setting, {
      dollars: 10,
      rewards: [fixed('glass', 1n)],
    });
    const { memberships, programs } = setting.clients;
    await memberships.suspendMembership(member, admin);
    const suspended = await quote(member, { rewardId: 'glass' });
    expect(reasonsOf(suspended)).toEqual([ErrorReason.MEMBERSHIP_SUSPENDED]);
    await memberships.leaveProgram(member, admin);
    await programs.suspendProgram({ programId: member.programId }, admin);
    await eventually(async () =>
      expect(reasonsOf(await quote(member, { rewardId: 'glass' }))).toEqual([
        ErrorReason.PROGRAM_NOT_ACTIVE,
        ErrorReason.MEMBERSHIP_LEFT,
        ErrorReason.INSUFFICIENT_POINTS,
      ]),
    );
  });

  test('writes nothing', async () => {
    const member = await createCustomMember(setting, {
      dollars: 10,
      rewards: [fixed('glass', 1n)],
    });
    await quote(member, { rewardId: 'glass' });
    const { entries } = await setting.clients.ledger.listEntries(member, checkout);
    const { redemptions } = await setting.clients.redemptions.listRedemptions(member, alice);
    expect([entries.length, redemptions]).toEqual([2, []]);
  });

  test('counts a hold that has ended as ended, written or not', async () => {
    const memberLimit = { count: 1, period: MemberLimit_Period.LIFETIME };
    const limited = fixed('glass', 10n, { stock: { limit: 1n }, memberLimit });
    const member = await createCustomMember(setting, { dollars: 10, rewards: [limited] });
    await setting.clients.redemptions.redeem(
      {
        ...member,
        rewardId: 'glass',
        idempotencyKey: 'key',
        capture: RedeemRequest_Capture.HOLD,
        holdSeconds: 60,
      },
      checkout,
    );
    expect(reasonsOf(await quote(member, { rewardId: 'glass' }))).toEqual([
      ErrorReason.OUT_OF_STOCK,
      ErrorReason.MEMBER_LIMIT_REACHED,
      ErrorReason.INSUFFICIENT_POINTS,
    ]);
    const database = new pg.Client(setting.databaseUrl);
    await database.connect();
    try {
      // Nobody else can write to the membership now, no job either.
      await database.query('BEGIN');
      await database.query('SELECT 1 FROM memberships FOR UPDATE');
      setting.letPass(60 * secondMs);
      expect(await quote(member, { rewardId: 'glass' })).toMatchObject({ affordable: true });
    } finally {
      await database.end();
    }
  });

  test.each([
    ['an unknown reward', { rewardId: 'yacht' }, 'REWARD_NOT_FOUND'],
    ['points of a fixed price', { rewardId: 'glass', points: 10n }, 'VALIDATION_FAILED'],
    ['no units', { rewardId: 'glass', quantity: 0 }, 'VALIDATION_FAILED'],
    ['no points', { rewardId: 'glass', points: 0n }, 'VALIDATION_FAILED'],
    ['a user who never joined', { rewardId: 'glass', userId: 'nobody' }, 'MEMBERSHIP_NOT_FOUND'],
    [
      'an unknown program',
      { rewardId: 'glass', programId: 'no-such-program' },
      'PROGRAM_NOT_FOUND',
    ],
  ])('for %s is refused', async (_, request, reason) => {
    const member = await createCustomMember(setting, { rewards: [fixed('glass', 10n)] });
    const quoted = setting.clients.redemptions.quoteRedemption({ ...member, ...request }, checkout);
    expect(await refusalOf(quoted)).toMatchObject({ reason });
  });
});

describe('the quotes of all rewards', () => {
  const quotesOf = async (member: Member, pageSize = 0, pageToken = '') =>
    await setting.clients.redemptions.listRewardQuotes({ ...member, pageSize, pageToken }, alice);

  test('are listed by reward, each for one unit or the fewest points, without archived ones', async () => {
    const rewards = [
      fixed('glass', 10n),
      conversion('cash'),
      fixed('bottle', 50n),
      fixed('old', 1n, { state: Reward_State.ARCHIVED }),
    ];
    const member = await createCustomMember(setting, { dollars: 20, rewards });
    const { rewardQuotes } = await quotesOf(member);
    expect(
      rewardQuotes.map(({ rewardId, points, affordable }) => [rewardId, points, affordable]),
    ).toEqual([
      ['bottle', 50n, false],
      ['cash', 1n, true],
      ['glass', 10n, true],
    ]);
    const first = await quotesOf(member, 2);
    const second = await quotesOf(member, 2, first.nextPageToken);
    expect([...first.rewardQuotes, ...second.rewardQuotes]).toEqual(rewardQuotes);
    expect(second.nextPageToken).toBe('');
  });

  test('are each member’s own business', async () => {
    const member = await createCustomMember(setting);
    const bob = await tokenOf('member', 'bob');
    const { redemptions } = setting.clients;
    for (const call of [
      redemptions.listRewardQuotes(member, bob),
      redemptions.quoteRedemption({ ...member, rewardId: 'glass' }, bob),
    ]) {
      expect(await refusalOf(call)).toMatchObject({ reason: 'PERMISSION_DENIED' });
    }
    const nobody = { ...member, userId: 'nobody' };
    expect(await refusalOf(redemptions.listRewardQuotes(nobody, admin))).toMatchObject({
      reason: 'MEMBERSHIP_NOT_FOUND',
    });
  });
});
