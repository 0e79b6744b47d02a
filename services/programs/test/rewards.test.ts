import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  MemberLimit_Period,
  Reward_State,
  type RewardSchema,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
import { createDraft, newProgramId, type Setting, startSetting } from './running-programs.ts';

type RewardInit = MessageInitShape<typeof RewardSchema>;

let setting: Setting;
beforeAll(async () => {
  setting = await startSetting();
});
afterAll(() => setting.stop());

const admin = () => ({ token: setting.tokens.admin });
const rewards = () => setting.clients.rewards;

const glass: RewardInit = {
  rewardId: 'glass',
  displayName: 'A glass of wine',
  price: { case: 'fixed', value: { points: 10n } },
};

const cash: RewardInit = {
  rewardId: 'cash',
  displayName: 'Money back',
  price: {
    case: 'conversion',
    value: {
      points: 100n,
      per: { currencyCode: 'USD', minorUnits: 100n },
      minimumPoints: 100n,
      maximumPoints: 5_000n,
      stepPoints: 100n,
    },
  },
};

async function create(reward: RewardInit) {
  const { programId } = await createDraft(setting);
  const answer = await rewards().createReward({ programId, reward }, admin());
  if (answer.reward === undefined) throw new Error('no reward was returned');
  return answer.reward;
}

describe('creating a reward', () => {
  test('offers it, with nothing limited unless said so', async () => {
    const reward = await create(glass);
    expect(reward).toMatchObject({ ...glass, state: Reward_State.ACTIVE, condition: '' });
    expect(reward.stock).toBeUndefined();
    expect(reward.memberLimit).toBeUndefined();
    expect(reward.availability).toBeUndefined();
  });

  test('keeps everything that it can have', async () => {
    const full: RewardInit = {
      ...cash,
      state: Reward_State.ARCHIVED,
      stock: { limit: 100n },
      memberLimit: { count: 2, period: MemberLimit_Period.DAY },
      availability: {
        startTime: timestampFromMs(Date.UTC(2026, 0, 1)),
        endTime: timestampFromMs(Date.UTC(2027, 0, 1)),
      },
      condition: 'member.lifetime_earned >= 1000',
      metadata: { erp: 'A-17' },
      description: 'Paid to your card.\nTakes two days.',
      imageUri: 'https://images.example.test:8443/cash%20back.png?size=2#top',
    };
    const { programId } = await create(full);
    const { reward } = await rewards().getReward({ programId, rewardId: 'cash' }, admin());
    expect(reward).toMatchObject(full);
  });

  test('is refused when the id is taken or the program is unknown', async () => {
    const { programId } = await create(glass);
    await expect(
      rewards().createReward({ programId, reward: glass }, admin()),
    ).rejects.toMatchObject({ reason: 'ALREADY_EXISTS' });
    await expect(
      rewards().createReward({ programId: newProgramId(), reward: glass }, admin()),
    ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
  });

  test.each<{ wrong: string; reward: RewardInit; field: string }>([
    { wrong: 'no price', reward: { ...glass, price: { case: undefined } }, field: 'reward' },
    {
      wrong: 'a price in a currency that is none',
      reward: {
        ...cash,
        price: {
          case: 'conversion',
          value: { points: 1n, per: { currencyCode: 'QQQ', minorUnits: 1n } },
        },
      },
      field: 'reward.conversion.per.currency_code',
    },
    {
      wrong: 'no number of points that can be converted',
      reward: {
        ...cash,
        price: {
          case: 'conversion',
          value: {
            points: 1n,
            per: { currencyCode: 'USD', minorUnits: 1n },
            minimumPoints: 101n,
            maximumPoints: 199n,
            stepPoints: 100n,
          },
        },
      },
      field: 'reward.conversion.step_points',
    },
    {
      wrong: 'steps that are worth nothing',
      reward: {
        ...cash,
        price: {
          case: 'conversion',
          value: {
            points: 101n,
            per: { currencyCode: 'USD', minorUnits: 1n },
            maximumPoints: 199n,
            stepPoints: 100n,
          },
        },
      },
      field: 'reward.conversion.maximum_points',
    },
    {
      wrong: 'a stock without a number',
      reward: { ...glass, stock: {} },
      field: 'reward.stock.limit',
    },
    {
      wrong: 'an end before its start',
      reward: {
        ...glass,
        availability: { startTime: timestampFromMs(2_000), endTime: timestampFromMs(1_000) },
      },
      field: 'reward.availability.end_time',
    },
    {
      wrong: 'a condition about the transaction, which there is none of',
      reward: { ...glass, condition: "transaction.channel == 'web'" },
      field: 'reward.condition',
    },
    ...[
      'http://images.example.test/glass.png',
      'HTTPS://images.example.test/glass.png',
      'https://',
      'https:///glass.png',
      'https://shop@images.example.test/glass.png',
      'https://images.example.test/a glass.png',
      'https://images.example.test/%zz.png',
      'https://images.example.test/"onload=x',
      'javascript:alert(1)//https://',
      `https://images.example.test/${'a'.repeat(1_973)}`,
    ].map((imageUri) => ({
      wrong: `the image ${imageUri.slice(0, 60)}`,
      reward: { ...glass, imageUri },
      field: 'reward.image_uri',
    })),
    {
      wrong: 'a description of 2001 bytes',
      reward: { ...glass, description: 'x'.repeat(2_001) },
      field: 'reward.description',
    },
  ])('is refused with $wrong', async ({ reward, field }) => {
    await expect(create(reward)).rejects.toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [expect.objectContaining({ field })],
    });
  });
});

describe('updating a reward', () => {
  const update = (
    { programId }: { programId: string },
    request: { rewardId: string; reward: RewardInit; paths?: string[]; etag?: string },
  ) => {
    const { paths, ...rest } = request;
    return rewards().updateReward(
      { programId, ...rest, ...(paths !== undefined && { updateMask: { paths } }) },
      admin(),
    );
  };

  test('changes and clears what the mask names', async () => {
    const created = await create({ ...glass, stock: { limit: 5n }, metadata: { a: '1' } });
    const { reward } = await update(created, {
      rewardId: 'glass',
      reward: { price: { case: 'fixed', value: { points: 12n } }, displayName: 'ignored' },
      paths: ['fixed', 'stock'],
    });
    expect(reward).toMatchObject({
      displayName: glass.displayName,
      price: { case: 'fixed', value: { points: 12n } },
      metadata: { a: '1' },
    });
    expect(reward?.stock).toBeUndefined();
    expect(reward?.etag).not.toBe(created.etag);
  });

  test('changes the public texts, and removes them', async () => {
    const imageUri = 'https://images.example.test/glass.png';
    const created = await create({ ...glass, description: 'Red or white.', imageUri });
    const change = (reward: RewardInit, paths: string[]) =>
      update(created, { rewardId: 'glass', reward, paths });
    const { reward: changed } = await change({ description: 'Red.' }, ['description']);
    expect(changed).toMatchObject({ description: 'Red.', imageUri });
    const { reward: removed } = await change({}, ['description', 'image_uri']);
    expect(removed).toMatchObject({ ...glass, description: '', imageUri: '' });
  });

  test('exchanges one kind of price for the other, but never leaves none', async () => {
    const created = await create(glass);
    const { reward } = await update(created, {
      rewardId: 'glass',
      reward: { price: cash.price ?? { case: undefined } },
      paths: ['fixed', 'conversion'],
    });
    expect(reward?.price.case).toBe('conversion');
    await expect(
      update(created, { rewardId: 'glass', reward: {}, paths: ['conversion'] }),
    ).rejects.toMatchObject({ reason: 'VALIDATION_FAILED' });
    const kept = await update(created, { rewardId: 'glass', reward: {}, paths: ['fixed'] });
    expect(kept.reward).toEqual(reward);
  });

  test('lets exactly one of several with the same etag win', async () => {
    const created = await create(glass);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, (_, index) =>
        update(created, {
          rewardId: 'glass',
          reward: { displayName: `Name ${index}` },
          etag: created.etag,
        }),
      ),
    );
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost.map(({ reason }) => reason.reason)).toEqual(Array(3).fill('ETAG_MISMATCH'));
  });

  test('of what does not exist is refused', async () => {
    const created = await create(glass);
    const change = { reward: { displayName: 'x' } };
    await expect(update(created, { rewardId: 'bottle', ...change })).rejects.toMatchObject({
      reason: 'REWARD_NOT_FOUND',
      metadata: { rewardId: 'bottle' },
    });
    await expect(
      update({ programId: newProgramId() }, { rewardId: 'glass', ...change }),
    ).rejects.toMatchObject({ reason: 'PROGRAM_NOT_FOUND' });
    await expect(
      rewards().getReward({ programId: created.programId, rewardId: 'bottle' }, admin()),
    ).rejects.toMatchObject({ reason: 'REWARD_NOT_FOUND' });
  });
});

test('rewards are listed by id, page by page', async () => {
  const { programId } = await create(glass);
  await rewards().createReward({ programId, reward: cash }, admin());
  const first = await rewards().listRewards({ programId, pageSize: 1 }, admin());
  expect(first.rewards.map(({ rewardId }) => rewardId)).toEqual(['cash']);
  const second = await rewards().listRewards(
    { programId, pageSize: 1, pageToken: first.nextPageToken },
    admin(),
  );
  expect(second.rewards.map(({ rewardId }) => rewardId)).toEqual(['glass']);
  expect(second.nextPageToken).toBe('');
});
