import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type {
  PostedEarn,
  PurchaseRefund,
  RequestRecord,
  RewardName,
  UsagePeriod,
} from '../app/ledger-store.ts';
import type { NamedRuleSet, RuleNames } from '../app/rule-names.ts';
import type { Account } from '../domain/journal.ts';
import type { LotKey } from '../domain/lot.ts';
import type { Lapse } from '../domain/refund.ts';
import { LayeredCounters } from './layered-counters.ts';
import { LayeredMap } from './layered-map.ts';
import { purchaseKey, requestKey } from './ledger-keys.ts';

/** Everything that a database transaction read under its locks. */
export interface LoadedLedger {
  /** The clock's time, read under the locks. */
  readonly time: Instant;
  /** Ids of those who are members, and ids made for those who may join, by {@link memberKey}. */
  readonly membershipIds: ReadonlyMap<string, bigint>;
  readonly newMembershipIds: ReadonlyMap<string, bigint>;
  readonly accounts: readonly Account[];
  readonly earns: readonly PostedEarn[];
  /** Purchases for which only refunds have arrived, by {@link purchaseKey}. */
  readonly awaited: ReadonlySet<string>;
  readonly refunds: readonly PurchaseRefund[];
  readonly requests: readonly RequestRecord[];
  readonly capUsage: ReadonlyMap<string, bigint>;
  readonly stockTaken: ReadonlyMap<string, bigint>;
  readonly usageTaken: ReadonlyMap<string, bigint>;
  /** Keyed by {@link lotKeyOf}, each list with the oldest first. */
  readonly lapses: ReadonlyMap<string, readonly Lapse[]>;
}

/** What one entry took from a lot. */
export interface LapsedLot extends LotKey {
  readonly membershipId: bigint;
  readonly sequence: bigint;
}

/** A cap of a member. */
export type MemberCap = CapPeriod & { readonly membershipId: bigint };
/** How much of a reward a member had in a period. */
export type MemberUsage = UsagePeriod & { readonly membershipId: bigint };

/** What a database transaction read, as its commands change it. */
export interface LedgerLayers {
  readonly loaded: LoadedLedger;
  readonly accounts: LayeredMap<bigint, Account>;
  readonly earns: LayeredMap<string, PostedEarn>;
  /** Keyed by {@link purchaseKey}. */
  readonly refunds: LayeredMap<string, readonly PurchaseRefund[]>;
  readonly requests: LayeredMap<string, RequestRecord>;
  readonly caps: LayeredCounters<MemberCap>;
  readonly stock: LayeredCounters<RewardName>;
  readonly usage: LayeredCounters<MemberUsage>;
  readonly lapsedRefunded: LayeredCounters<LapsedLot>;
  /** Keyed by the object of the names, which all earns of a version share. */
  readonly ruleNames: LayeredMap<RuleNames, NamedRuleSet>;
}

export function layersOf(loaded: LoadedLedger): LedgerLayers {
  const { accounts, earns, requests } = loaded;
  return {
    loaded,
    accounts: new LayeredMap(new Map(accounts.map((each) => [each.membership.membershipId, each]))),
    earns: new LayeredMap(new Map(earns.map((earn) => [purchaseKey(earn), earn]))),
    refunds: new LayeredMap(Map.groupBy(loaded.refunds, purchaseKey)),
    requests: new LayeredMap(
      new Map(requests.map((each) => [requestKey(each.membershipId, each), each])),
    ),
    caps: new LayeredCounters(loaded.capUsage),
    stock: new LayeredCounters(loaded.stockTaken),
    usage: new LayeredCounters(loaded.usageTaken),
    lapsedRefunded: new LayeredCounters(new Map()),
    ruleNames: new LayeredMap(new Map()),
  };
}
