import type {
  Command,
  Outcome,
  PostedEarn,
  PurchaseName,
  PurchaseRefund,
  RecordedEntry,
  RequestRecord,
  RewardName,
} from '../app/ledger-store.ts';
import type { NamedRuleSet } from '../app/rule-names.ts';
import type { Account } from '../domain/journal.ts';
import type { Redemption } from '../domain/redemption-state.ts';
import { CommandState } from './command-state.ts';
import type { Changed } from './layered-map.ts';
import { purchaseKey } from './ledger-keys.ts';
import {
  type LapsedLot,
  type LedgerLayers,
  type LoadedLedger,
  layersOf,
  type MemberCap,
  type MemberUsage,
} from './ledger-layers.ts';

/** What a database transaction has to write. Counters carry the sum to add, one row each. */
export interface LedgerChanges {
  readonly accounts: readonly Changed<Account>[];
  readonly entries: readonly RecordedEntry[];
  readonly redemptions: readonly Changed<Redemption>[];
  /** `before` is AWAITED for a credit that refunds have waited for. */
  readonly earns: readonly Changed<PostedEarn | 'AWAITED'>[];
  /** Purchases whose first refund has arrived. */
  readonly newlyAwaited: readonly PurchaseName[];
  readonly refunds: readonly PurchaseRefund[];
  readonly requests: readonly RequestRecord[];
  readonly capUsage: readonly (MemberCap & { points: bigint })[];
  readonly stock: readonly (RewardName & { taken: bigint })[];
  readonly usage: readonly (MemberUsage & { taken: bigint })[];
  readonly lapsedRefunded: readonly (LapsedLot & { points: bigint })[];
  /** Versions of rules that points were credited by. */
  readonly ruleNames: readonly NamedRuleSet[];
}

/** The ledger under lock, on which the commands of a batch decide one after the other. */
export interface LockedLedger {
  /** Lets a command decide. When it throws, nothing that it put is left. */
  run(command: Command<unknown>): Outcome;
  changes(): LedgerChanges;
}

export function lockedLedger(loaded: LoadedLedger): LockedLedger {
  const layers = layersOf(loaded);
  const { loaded: _, ...changing } = layers;
  const all = Object.values(changing);
  return {
    run({ needs, decide }) {
      try {
        const result = decide(new CommandState(layers, needs));
        for (const layer of all) layer.keep();
        return { result };
      } catch (error) {
        for (const layer of all) layer.drop();
        return { error };
      }
    },
    changes: () => changesOf(layers),
  };
}

function changesOf({ loaded, ...layers }: LedgerLayers): LedgerChanges {
  const accounts = layers.accounts.changed();
  const earns = layers.earns.changed();
  const refunds = layers.refunds.changed().flatMap(({ before = [], after }) => {
    const known = new Set(before);
    return after.filter((refund) => !known.has(refund));
  });
  return {
    accounts,
    entries: accounts.flatMap(({ after }) => newEntries(after)),
    redemptions: accounts.flatMap(changedRedemptions),
    earns: earns.map((earn) =>
      loaded.awaited.has(purchaseKey(earn.after)) ? { ...earn, before: 'AWAITED' } : earn,
    ),
    newlyAwaited: firstRefunds(refunds, layers.earns, loaded.awaited),
    refunds,
    requests: layers.requests.changed().map(({ after }) => after),
    capUsage: layers.caps.added().map(({ name, amount }) => ({ ...name, points: amount })),
    stock: layers.stock.added().map(({ name, amount }) => ({ ...name, taken: amount })),
    usage: layers.usage.added().map(({ name, amount }) => ({ ...name, taken: amount })),
    lapsedRefunded: layers.lapsedRefunded
      .added()
      .map(({ name, amount }) => ({ ...name, points: amount })),
    ruleNames: layers.ruleNames.changed().map(({ after }) => after),
  };
}

function changedRedemptions({ before, after }: Changed<Account>): Changed<Redemption>[] {
  if (after.redemptions === before?.redemptions) return [];
  const previous = new Map(before?.redemptions.map((each) => [each.redemptionId, each]));
  return after.redemptions
    .map((each) => ({ before: previous.get(each.redemptionId), after: each }))
    .filter((each) => each.before !== each.after);
}

function newEntries({ membership, entries }: Account): RecordedEntry[] {
  const { membershipId, programId, userId } = membership;
  return entries.map((entry) => ({ membershipId, programId, userId, entry }));
}

/** Purchases that the ledger first hears of by a refund. */
function firstRefunds(
  refunds: readonly PurchaseRefund[],
  earns: LedgerLayers['earns'],
  awaited: ReadonlySet<string>,
): PurchaseName[] {
  const names = new Map<string, PurchaseName>();
  for (const refund of refunds) {
    const key = purchaseKey(refund);
    if (earns.get(key) === undefined && !awaited.has(key)) names.set(key, refund);
  }
  return [...names.values()];
}
