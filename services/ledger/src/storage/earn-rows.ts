import { instant, type Timestamp } from '@loyalty/platform/postgres/timestamptz.ts';
import type { LineKind } from '@loyalty/rules/explanation.ts';
import { decodeTransaction, encodeTransaction } from '@loyalty/rules/transaction-encoding.ts';
import type { PostedEarn, PurchaseRefund } from '../app/ledger-store.ts';
import type { CapCounts, Earn, EarnFacts, EarnState } from '../domain/earn.ts';
import type { LotClass } from '../domain/lot.ts';
import type { RefundState } from '../domain/refund.ts';
import { bulk } from './bulk.ts';
import { jsonOrNull } from './column-values.ts';

export interface EarnRow {
  program_id: string;
  transaction_id: string;
  membership_id: bigint;
  state: EarnState;
  sequence: bigint;
  fingerprint: Buffer;
  rule_set_version: number;
  semantics: number;
  facts: EarnFacts | null;
  points: bigint;
  reversed_points: bigint;
  cap_counts: Record<string, string> | null;
  explanation: ExplanationTuple[];
  available_at: Timestamp;
  expires_at: Timestamp;
  lot_class: LotClass;
  post_time: Timestamp;
  transaction: Buffer;
}

/** A purchase for which only refunds have arrived: the other columns are NULL. */
export interface AwaitedRow {
  program_id: string;
  transaction_id: string;
  state: 'AWAITED';
}

export function earnOf(row: EarnRow): PostedEarn {
  return {
    programId: row.program_id,
    transactionId: row.transaction_id,
    membershipId: row.membership_id,
    state: row.state,
    sequence: row.sequence,
    fingerprint: row.fingerprint,
    ruleSetVersion: row.rule_set_version,
    semantics: row.semantics,
    facts: row.facts ?? undefined,
    points: row.points,
    reversedPoints: row.reversed_points,
    capCounts: row.cap_counts === null ? undefined : capCountsOf(row.cap_counts),
    explanation: row.explanation.map(([ruleId, points, note, kind = 'RULE']) => ({
      kind,
      ruleId,
      points,
      note,
    })),
    lot: {
      availableAt: instant(row.available_at),
      expiresAt: instant(row.expires_at),
      class: row.lot_class,
    },
    postTime: instant(row.post_time),
    purchase: decodeTransaction(row.transaction),
  };
}

export const earnColumns = bulk<PostedEarn>({
  program_id: ['text', (earn) => earn.programId],
  transaction_id: ['text', (earn) => earn.transactionId],
  membership_id: ['bigint', (earn) => earn.membershipId],
  state: ['text', (earn) => earn.state],
  sequence: ['bigint', (earn) => earn.sequence],
  fingerprint: ['bytea', (earn) => earn.fingerprint],
  rule_set_version: ['integer', (earn) => earn.ruleSetVersion],
  semantics: ['smallint', (earn) => earn.semantics],
  facts: ['jsonb', (earn) => jsonOrNull(earn.facts)],
  points: ['bigint', (earn) => earn.points],
  reversed_points: ['bigint', (earn) => earn.reversedPoints],
  cap_counts: ['jsonb', ({ capCounts }) => jsonOrNull(capCounts && capCountsJson(capCounts))],
  explanation: ['jsonb', (earn) => JSON.stringify(explanationOf(earn))],
  available_at: ['timestamptz', (earn) => earn.lot.availableAt],
  expires_at: ['timestamptz', (earn) => earn.lot.expiresAt],
  lot_class: ['text', (earn) => earn.lot.class],
  post_time: ['timestamptz', (earn) => earn.postTime],
  transaction: ['bytea', (earn) => encodeTransaction(earn.purchase)],
});

function capCountsOf(json: Readonly<Record<string, string>>): CapCounts {
  return new Map(Object.entries(json).map(([ruleId, points]) => [ruleId, BigInt(points)]));
}

function capCountsJson(counts: CapCounts): Record<string, string> {
  return Object.fromEntries(Array.from(counts, ([ruleId, points]) => [ruleId, String(points)]));
}

/** A tuple, because the names would be repeated in every row of the largest table; most lines are of kind RULE. */
type ExplanationTuple = [ruleId: string, points: string, note: string, kind?: LineKind];

function explanationOf({ explanation }: Earn<unknown>): EarnRow['explanation'] {
  return explanation.map(({ kind, ruleId, points, note }) =>
    kind === 'RULE' ? [ruleId, points, note] : [ruleId, points, note, kind],
  );
}

export interface RefundRow {
  program_id: string;
  transaction_id: string;
  refund_id: string;
  state: RefundState;
  fingerprint: Buffer;
  extent: ExtentJson;
  points: bigint;
  taken: bigint;
  lapsed: bigint;
  owed: bigint;
  forgiven: bigint;
  create_time: Date;
  arrival: number;
}

export function refundOf(row: RefundRow): PurchaseRefund {
  return {
    programId: row.program_id,
    transactionId: row.transaction_id,
    refundId: row.refund_id,
    state: row.state,
    fingerprint: row.fingerprint,
    extent: extentOf(row.extent),
    points: row.points,
    taken: row.taken,
    lapsed: row.lapsed,
    owed: row.owed,
    forgiven: row.forgiven,
    createTime: instant(row.create_time),
    arrival: row.arrival,
  };
}

export const refundColumns = bulk<PurchaseRefund>({
  program_id: ['text', (refund) => refund.programId],
  transaction_id: ['text', (refund) => refund.transactionId],
  refund_id: ['text', (refund) => refund.refundId],
  state: ['text', (refund) => refund.state],
  fingerprint: ['bytea', (refund) => refund.fingerprint],
  extent: ['jsonb', (refund) => JSON.stringify(extentJson(refund.extent))],
  points: ['bigint', (refund) => refund.points],
  taken: ['bigint', (refund) => refund.taken],
  lapsed: ['bigint', (refund) => refund.lapsed],
  owed: ['bigint', (refund) => refund.owed],
  forgiven: ['bigint', (refund) => refund.forgiven],
  create_time: ['timestamptz', (refund) => refund.createTime],
  arrival: ['integer', (refund) => refund.arrival],
});

/** How much of a purchase a refund gives back, in JSON. */
type ExtentJson =
  | { kind: 'FULL' }
  | { kind: 'AMOUNT'; currency_code: string; minor_units: string }
  | { kind: 'ITEMS'; items: { item_id: string; quantity: number }[] };

function extentJson(extent: PurchaseRefund['extent']): ExtentJson {
  switch (extent.kind) {
    case 'FULL':
      return { kind: 'FULL' };
    case 'AMOUNT':
      return {
        kind: 'AMOUNT',
        currency_code: extent.amount.currencyCode,
        minor_units: String(extent.amount.minorUnits),
      };
    case 'ITEMS':
      return {
        kind: 'ITEMS',
        items: extent.items.map(({ itemId, quantity }) => ({ item_id: itemId, quantity })),
      };
    default:
      return extent satisfies never;
  }
}

function extentOf(json: ExtentJson): PurchaseRefund['extent'] {
  switch (json.kind) {
    case 'FULL':
      return { kind: 'FULL' };
    case 'AMOUNT':
      return {
        kind: 'AMOUNT',
        amount: { currencyCode: json.currency_code, minorUnits: BigInt(json.minor_units) },
      };
    case 'ITEMS':
      return {
        kind: 'ITEMS',
        items: json.items.map((item) => ({ itemId: item.item_id, quantity: item.quantity })),
      };
    default:
      return json satisfies never;
  }
}
