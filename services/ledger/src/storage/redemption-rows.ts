import {
  instant,
  instantOfText,
  instantOrUndefined,
  type Timestamp,
  timestamptz,
} from '@loyalty/platform/postgres/timestamptz.ts';
import type { LimitPeriod } from '@loyalty/rules/limit-period.ts';
import type { RefusalReason } from '../domain/errors.ts';
import type { LotClass } from '../domain/lot.ts';
import type { Redemption, RedemptionPart, RedemptionState } from '../domain/redemption-state.ts';
import { bulk } from './bulk.ts';
import { jsonOrNull } from './column-values.ts';

export interface RedemptionRow {
  membership_id: bigint;
  redemption_id: string;
  program_id: string;
  idempotency_key: string;
  fingerprint: Buffer;
  sequence: bigint;
  reward_id: string;
  reward_display_name: string;
  asked_quantity: number;
  asked_points: bigint;
  quantity: number;
  points: bigint;
  reversed_points: bigint;
  state: RedemptionState;
  parts: PartJson[];
  reference: string;
  value_currency_code: string | null;
  value_minor_units: bigint | null;
  rate_points: bigint | null;
  rate_minor_units: bigint | null;
  create_time: Date;
  hold_expires_at: Date | null;
  made_by_member: boolean;
  refusal_reason: RefusalReason | null;
  refusal_metadata: Record<string, string> | null;
  stock_taken: boolean;
  usage_period: LimitPeriod | null;
  usage_period_start: Timestamp | null;
}

export function redemptionOf(row: RedemptionRow): Redemption {
  return {
    redemptionId: row.redemption_id,
    membershipId: row.membership_id,
    programId: row.program_id,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    sequence: row.sequence,
    rewardId: row.reward_id,
    rewardDisplayName: row.reward_display_name,
    askedQuantity: row.asked_quantity,
    askedPoints: row.asked_points,
    quantity: row.quantity,
    points: row.points,
    reversedPoints: row.reversed_points,
    state: row.state,
    parts: row.parts.map(partOf),
    reference: row.reference,
    value:
      row.value_currency_code === null || row.value_minor_units === null
        ? undefined
        : { currencyCode: row.value_currency_code, minorUnits: row.value_minor_units },
    rate: rateOf(row),
    createTime: instant(row.create_time),
    holdExpiresAt: instantOrUndefined(row.hold_expires_at),
    madeByMember: row.made_by_member,
    refusal:
      row.refusal_reason === null
        ? undefined
        : { reason: row.refusal_reason, metadata: row.refusal_metadata ?? {} },
    stockTaken: row.stock_taken,
    usagePeriod:
      row.usage_period === null || row.usage_period_start === null
        ? undefined
        : { period: row.usage_period, start: instant(row.usage_period_start) },
  };
}

// Conversions from before the rate was kept have their own points and value for it, which is as near as one can come.
function rateOf({ points, value_minor_units, ...row }: RedemptionRow): Redemption['rate'] {
  if (value_minor_units === null) return undefined;
  return {
    points: row.rate_points ?? points,
    minorUnits: row.rate_minor_units ?? value_minor_units,
  };
}

export const redemptionColumns = bulk<Redemption>({
  membership_id: ['bigint', (redemption) => redemption.membershipId],
  redemption_id: ['text', (redemption) => redemption.redemptionId],
  program_id: ['text', (redemption) => redemption.programId],
  idempotency_key: ['text', (redemption) => redemption.idempotencyKey],
  fingerprint: ['bytea', (redemption) => redemption.fingerprint],
  sequence: ['bigint', (redemption) => redemption.sequence],
  reward_id: ['text', (redemption) => redemption.rewardId],
  reward_display_name: ['text', (redemption) => redemption.rewardDisplayName],
  asked_quantity: ['integer', (redemption) => redemption.askedQuantity],
  asked_points: ['bigint', (redemption) => redemption.askedPoints],
  quantity: ['integer', (redemption) => redemption.quantity],
  points: ['bigint', (redemption) => redemption.points],
  reversed_points: ['bigint', (redemption) => redemption.reversedPoints],
  state: ['text', (redemption) => redemption.state],
  parts: ['jsonb', (redemption) => JSON.stringify(redemption.parts.map(partJson))],
  reference: ['text', (redemption) => redemption.reference],
  value_currency_code: ['text', (redemption) => redemption.value?.currencyCode],
  value_minor_units: ['bigint', (redemption) => redemption.value?.minorUnits],
  rate_points: ['bigint', (redemption) => redemption.rate?.points],
  rate_minor_units: ['bigint', (redemption) => redemption.rate?.minorUnits],
  create_time: ['timestamptz', (redemption) => redemption.createTime],
  hold_expires_at: ['timestamptz', (redemption) => redemption.holdExpiresAt],
  made_by_member: ['boolean', (redemption) => redemption.madeByMember],
  refusal_reason: ['text', (redemption) => redemption.refusal?.reason],
  refusal_metadata: ['jsonb', (redemption) => jsonOrNull(redemption.refusal?.metadata)],
  stock_taken: ['boolean', (redemption) => redemption.stockTaken],
  usage_period: ['text', (redemption) => redemption.usagePeriod?.period],
  usage_period_start: ['timestamptz', (redemption) => redemption.usagePeriod?.start],
});

/** A part of a redemption in JSON: instants as PostgreSQL reads them, points as text, so that none is rounded. */
interface PartJson {
  available_at: string;
  expires_at: string;
  class: LotClass;
  points: string;
  returned: string;
}

function partJson({ lot, points, returned }: RedemptionPart): PartJson {
  return {
    available_at: timestamptz(lot.availableAt),
    expires_at: timestamptz(lot.expiresAt),
    class: lot.class,
    points: String(points),
    returned: String(returned),
  };
}

function partOf(json: PartJson): RedemptionPart {
  return {
    lot: {
      availableAt: instantOfText(json.available_at),
      expiresAt: instantOfText(json.expires_at),
      class: json.class,
    },
    points: BigInt(json.points),
    returned: BigInt(json.returned),
  };
}
