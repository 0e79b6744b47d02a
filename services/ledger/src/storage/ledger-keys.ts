import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
// What identifies rows among Map keys. No id contains a NUL.
import type { PurchaseName, RequestKey, RewardName, UsagePeriod } from '../app/ledger-store.ts';
import type { RuleSetName } from '../app/rule-names.ts';
import type { LotKey } from '../domain/lot.ts';

export function capKey(membershipId: bigint, { ruleId, period, start }: CapPeriod): string {
  return `${membershipId}\0${ruleId}\0${period}\0${start}`;
}

export function usageKey(membershipId: bigint, { rewardId, period, start }: UsagePeriod): string {
  return `${membershipId}\0${rewardId}\0${period}\0${start}`;
}

export function stockKey({ programId, rewardId }: RewardName): string {
  return `${programId}\0${rewardId}`;
}

export function lotKeyOf(membershipId: bigint, lot: LotKey): string {
  return `${membershipId}\0${lot.availableAt}\0${lot.expiresAt}\0${lot.class}`;
}

export function purchaseKey({ programId, transactionId }: PurchaseName): string {
  return `${programId}\0${transactionId}`;
}

export function requestKey(membershipId: bigint, { kind, idempotencyKey }: RequestKey): string {
  return `${membershipId}\0${kind}\0${idempotencyKey}`;
}

export function ruleSetKey({ programId, ruleSetVersion }: RuleSetName): string {
  return `${programId}\0${ruleSetVersion}`;
}
