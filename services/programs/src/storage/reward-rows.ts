import type { Knex } from 'knex';
import type { Page, RewardQuery } from '../app/program-store.ts';
import type {
  ConversionPrice,
  FixedPrice,
  LimitPeriod,
  Reward,
  RewardState,
} from '../domain/reward.ts';
import { pageOf } from './page.ts';

interface PriceColumns {
  fixed_points: bigint | null;
  conversion_points: bigint | null;
  conversion_currency_code: string | null;
  conversion_minor_units: bigint | null;
  conversion_minimum_points: bigint | null;
  conversion_maximum_points: bigint | null;
  conversion_step_points: bigint | null;
}

interface RewardRow extends PriceColumns {
  program_id: string;
  reward_id: string;
  display_name: string;
  state: RewardState;
  stock_limit: bigint | null;
  member_limit_count: number | null;
  member_limit_period: LimitPeriod | null;
  available_from: Date | null;
  available_until: Date | null;
  condition: string;
  metadata: Record<string, string>;
  changed_in: bigint;
  create_time: Date;
  update_time: Date;
}

export async function selectReward(
  db: Knex,
  { programId, rewardId }: { programId: string; rewardId: string },
): Promise<Reward | undefined> {
  const row = await db('rewards')
    .select<RewardRow[]>('*')
    .where({ program_id: programId, reward_id: rewardId })
    .first<RewardRow | undefined>();
  return row === undefined ? undefined : rewardOf(row);
}

export async function selectRewards(db: Knex, query: RewardQuery): Promise<Page<Reward>> {
  const { programId, states, after, limit } = query;
  const rows = await db('rewards')
    .select<RewardRow[]>('*')
    .where('program_id', programId)
    .modify((builder) => {
      if (states !== undefined) builder.whereIn('state', states);
      if (after !== undefined) builder.where('reward_id', '>', after);
    })
    .orderBy('reward_id')
    .limit(limit + 1);
  return pageOf(rows.map(rewardOf), limit);
}

export async function selectAllRewards(db: Knex, programId: string): Promise<Reward[]> {
  const rows = await db('rewards')
    .select<RewardRow[]>('*')
    .where('program_id', programId)
    .orderBy('reward_id');
  return rows.map(rewardOf);
}

export async function countRewards(db: Knex, programId: string): Promise<number> {
  const row = await db('rewards')
    .where('program_id', programId)
    .count<{ count: bigint }[]>('* as count')
    .first<{ count: bigint }>();
  return Number(row.count);
}

export async function insertReward(db: Knex, reward: Reward): Promise<void> {
  await db('rewards').insert(rowOf(reward));
}

export async function updateReward(db: Knex, reward: Reward): Promise<void> {
  const { program_id, reward_id, create_time, ...rest } = rowOf(reward);
  await db('rewards').update(rest).where({ program_id, reward_id });
}

function rowOf(reward: Reward): RewardRow {
  return {
    program_id: reward.programId,
    reward_id: reward.rewardId,
    display_name: reward.displayName,
    state: reward.state,
    ...priceColumns(reward.price),
    stock_limit: reward.stockLimit ?? null,
    member_limit_count: reward.memberLimit?.count ?? null,
    member_limit_period: reward.memberLimit?.period ?? null,
    available_from: reward.availability.startTime ?? null,
    available_until: reward.availability.endTime ?? null,
    condition: reward.condition,
    metadata: reward.metadata,
    changed_in: reward.changedIn,
    create_time: reward.createTime,
    update_time: reward.updateTime,
  };
}

function priceColumns(price: FixedPrice | ConversionPrice): PriceColumns {
  const conversion = price.kind === 'CONVERSION' ? price : undefined;
  return {
    fixed_points: price.kind === 'FIXED' ? price.points : null,
    conversion_points: conversion?.points ?? null,
    conversion_currency_code: conversion?.per.currencyCode ?? null,
    conversion_minor_units: conversion?.per.minorUnits ?? null,
    conversion_minimum_points: conversion?.minimumPoints ?? null,
    conversion_maximum_points: conversion?.maximumPoints ?? null,
    conversion_step_points: conversion?.stepPoints ?? null,
  };
}

function rewardOf(row: RewardRow): Reward {
  return {
    programId: row.program_id,
    rewardId: row.reward_id,
    displayName: row.display_name,
    state: row.state,
    price: priceOf(row),
    stockLimit: row.stock_limit ?? undefined,
    memberLimit:
      row.member_limit_count === null || row.member_limit_period === null
        ? undefined
        : { count: row.member_limit_count, period: row.member_limit_period },
    availability: {
      startTime: row.available_from ?? undefined,
      endTime: row.available_until ?? undefined,
    },
    condition: row.condition,
    metadata: row.metadata,
    changedIn: row.changed_in,
    createTime: row.create_time,
    updateTime: row.update_time,
  };
}

function priceOf(row: RewardRow): FixedPrice | ConversionPrice {
  if (row.fixed_points !== null) return { kind: 'FIXED', points: row.fixed_points };
  return {
    kind: 'CONVERSION',
    points: row.conversion_points ?? 0n,
    per: {
      currencyCode: row.conversion_currency_code ?? '',
      minorUnits: row.conversion_minor_units ?? 0n,
    },
    minimumPoints: row.conversion_minimum_points ?? 0n,
    maximumPoints: row.conversion_maximum_points ?? 0n,
    stepPoints: row.conversion_step_points ?? 0n,
  };
}
