import type { Instant } from './instant.ts';

/**
 * The messages that rules are written in and about, so that domain code needs no generated code.
 * Their shapes, units and limits are documented in the protos.
 */
export type {
  Availability,
  ConversionPrice,
  FixedPrice,
  MemberLimit,
  Reward,
  Stock,
} from '@loyalty/proto/loyalty/programs/v1/reward_pb.ts';
export type {
  Cap,
  EarnRule,
  ExpiryPolicy,
  Match,
  MaturationPolicy,
  RefundPolicy,
  RuleSet,
  Schedule,
} from '@loyalty/proto/loyalty/programs/v1/rule_set_pb.ts';
export type {
  Transaction as Purchase,
  TransactionItem as PurchaseItem,
} from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';

/** No award and no balance is larger: the largest integer that JSON numbers keep exactly, 2^53 - 1. */
export const POINTS_MAX = 9_007_199_254_740_991n;

/** Something that a request got wrong: where, as a path of proto field names, and how to put it right. */
export interface Violation {
  readonly field: string;
  readonly message: string;
  /** Other fields that the message names, by their proto names: who sends JSON reads JSON names. */
  readonly names?: readonly string[];
}

/** What rules may know about a member. */
export interface MemberFacts {
  readonly userId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly joinTime: Instant;
  /** Points earned so far, net of refunds. */
  readonly lifetimeEarned: bigint;
}
