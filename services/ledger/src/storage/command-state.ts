import type { CapPeriod } from '@loyalty/rules/compile-rule-set.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type {
  LockedState,
  MemberName,
  Needs,
  PostedEarn,
  PurchaseName,
  PurchaseRefund,
  RedemptionKey,
  RequestKey,
  RequestRecord,
  RewardName,
  UsagePeriod,
} from '../app/ledger-store.ts';
import type { NamedRuleSet } from '../app/rule-names.ts';
import { bringUpToDate } from '../domain/bring-up-to-date.ts';
import type { Account } from '../domain/journal.ts';
import { type LotKey, sameLot } from '../domain/lot.ts';
import { nowOf } from '../domain/membership.ts';
import { type Redemption, unitsTaken } from '../domain/redemption-state.ts';
import type { Lapse } from '../domain/refund.ts';
import type { Layer } from './layered-map.ts';
import { capKey, lotKeyOf, purchaseKey, requestKey, stockKey, usageKey } from './ledger-keys.ts';
import type { LapsedLot, LedgerLayers } from './ledger-layers.ts';
import { memberKey } from './membership-ids.ts';

/** Thrown when a command reads what its needs don't name: it may not be locked, or not be here although it exists. */
export class UndeclaredRead extends Error {
  override readonly name = 'UndeclaredRead';

  constructor(what: string) {
    super(`the command reads ${what}, which its needs don't name`);
  }
}

/** The ledger as one command may see it: what its needs name, and nothing else. */
export class CommandState implements LockedState {
  readonly #ledger: LedgerLayers;
  readonly #needs: Needs;
  /** The id of the member in the needs; made for them if they may join, also by an earlier command of the batch. */
  readonly #memberId: bigint | undefined;

  constructor(ledger: LedgerLayers, needs: Needs) {
    this.#ledger = ledger;
    this.#needs = needs;
    this.#memberId = needs.member && idOf(needs.member, ledger);
  }

  nowOf(account: Account | undefined): Instant {
    return nowOf(account, this.#ledger.loaded.time);
  }

  bringUpToDate(member: MemberName): Account | undefined {
    const id = this.#idOf(member);
    return id === undefined ? undefined : this.#bringUpToDate(id);
  }

  bringUpToDateById(membershipId: bigint): Account {
    this.#requireMembership(membershipId);
    const account = this.#bringUpToDate(membershipId);
    if (account === undefined) throw new Error(`membership ${membershipId} doesn't exist`);
    return account;
  }

  newMembershipId(member: MemberName): bigint {
    if (this.#needs.mayJoin !== true) throw new UndeclaredRead('an id for a new membership');
    this.#requireMember(member);
    const id = this.#ledger.loaded.newMembershipIds.get(memberKey(member));
    if (id === undefined) throw new Error('a member has no use for a new id');
    return id;
  }

  earn(name: PurchaseName): PostedEarn | undefined {
    this.#requirePurchase(name);
    return this.#ledger.earns.get(purchaseKey(name));
  }

  refunds(name: PurchaseName): readonly PurchaseRefund[] {
    this.#requirePurchase(name);
    return this.#refunds(name);
  }

  redemption(member: MemberName, key: RedemptionKey): Redemption | undefined {
    const { redemption } = this.#needs;
    if (redemption === undefined || !isNamed(redemption, key)) {
      throw new UndeclaredRead('a redemption');
    }
    const id = this.#idOf(member);
    const account = id === undefined ? undefined : this.#ledger.accounts.get(id);
    return account?.redemptions.find((each) => isNamed(key, each));
  }

  request(membershipId: bigint, key: RequestKey): RequestRecord | undefined {
    const { request } = this.#needs;
    if (request?.kind !== key.kind || request.idempotencyKey !== key.idempotencyKey) {
      throw new UndeclaredRead('a request');
    }
    this.#requireMembership(membershipId);
    return this.#ledger.requests.get(requestKey(membershipId, key));
  }

  capUsed(member: MemberName, cap: CapPeriod): bigint {
    const isDeclared = this.#needs.caps?.some(
      (each) =>
        each.ruleId === cap.ruleId && each.period === cap.period && each.start === cap.start,
    );
    if (isDeclared !== true) throw new UndeclaredRead('a cap');
    const id = this.#idOf(member);
    return id === undefined ? 0n : this.#ledger.caps.get(capKey(id, cap));
  }

  stockTaken(reward: RewardName): bigint {
    const { stock } = this.#needs;
    if (stock?.programId !== reward.programId || stock.rewardId !== reward.rewardId) {
      throw new UndeclaredRead('the stock of a reward');
    }
    return this.#ledger.stock.get(stockKey(reward));
  }

  usageTaken(member: MemberName, usage: UsagePeriod): bigint {
    const { usage: from } = this.#needs;
    const isDeclared =
      from?.rewardId === usage.rewardId &&
      from.period === usage.period &&
      from.start <= usage.start;
    if (!isDeclared) throw new UndeclaredRead('how often a member had a reward');
    const id = this.#idOf(member);
    return id === undefined ? 0n : this.#ledger.usage.get(usageKey(id, usage));
  }

  lapses(membershipId: bigint, lot: LotKey): readonly Lapse[] {
    this.#requireLot(membershipId, lot);
    const { loaded, accounts, lapsedRefunded } = this.#ledger;
    const read = loaded.lapses.get(lotKeyOf(membershipId, lot)) ?? [];
    return [...read, ...lapsesSince(accounts.get(membershipId), lot)].map(
      ({ sequence, points }): Lapse => {
        const counted = lapsedRefunded.get(lapseKey({ ...lot, membershipId, sequence }));
        return { sequence, points: points - counted };
      },
    );
  }

  putAccount(account: Account): void {
    this.#put(account, 'command');
  }

  putEarn(earn: PostedEarn): void {
    this.#ledger.earns.set(purchaseKey(earn), earn);
  }

  putRuleNames(ruleSet: NamedRuleSet): void {
    const { ruleNames } = this.#ledger;
    if (ruleNames.get(ruleSet.names) === undefined) ruleNames.set(ruleSet.names, ruleSet);
  }

  putRefund(refund: PurchaseRefund): void {
    const refunds = this.#refunds(refund);
    const place = refunds.findIndex(({ refundId }) => refundId === refund.refundId);
    const after = place < 0 ? [...refunds, refund] : refunds.with(place, refund);
    this.#ledger.refunds.set(purchaseKey(refund), after);
  }

  putRequest(request: RequestRecord): void {
    this.#ledger.requests.set(requestKey(request.membershipId, request), request);
  }

  addCapUsed(membershipId: bigint, cap: CapPeriod, points: bigint): void {
    const name = { ...cap, membershipId };
    this.#ledger.caps.add(capKey(membershipId, cap), { name, amount: points });
  }

  addLapsedRefunded(membershipId: bigint, lot: LotKey, { sequence, points }: Lapse): void {
    const name: LapsedLot = { ...lot, membershipId, sequence };
    this.#ledger.lapsedRefunded.add(lapseKey(name), { name, amount: points });
  }

  #idOf(member: MemberName): bigint | undefined {
    this.#requireMember(member);
    return this.#memberId;
  }

  #bringUpToDate(membershipId: bigint): Account | undefined {
    const { accounts, loaded } = this.#ledger;
    const account = accounts.get(membershipId);
    if (account === undefined) return undefined;
    const after = bringUpToDate(account, nowOf(account, loaded.time));
    // What is due is true whatever becomes of the command.
    if (after !== account) this.#put(after, accounts.layerOf(membershipId));
    return after;
  }

  #put(account: Account, layer: Layer): void {
    const { membershipId } = account.membership;
    countUsage(this.#ledger, {
      before: this.#ledger.accounts.get(membershipId),
      after: account,
      layer,
    });
    this.#ledger.accounts.set(membershipId, account, layer);
  }

  #refunds(name: PurchaseName): readonly PurchaseRefund[] {
    return this.#ledger.refunds.get(purchaseKey(name)) ?? [];
  }

  #requireMember({ programId, userId }: MemberName): void {
    const { member } = this.#needs;
    if (member?.programId !== programId || member.userId !== userId) {
      throw new UndeclaredRead('a member');
    }
  }

  #requireMembership(membershipId: bigint): void {
    const { membershipId: declared, refundOf } = this.#needs;
    const isDeclared =
      membershipId === declared ||
      membershipId === this.#memberId ||
      (refundOf !== undefined && membershipId === this.earn(refundOf)?.membershipId);
    if (!isDeclared) throw new UndeclaredRead('a membership');
  }

  #requirePurchase(name: PurchaseName): void {
    const { purchase, refundOf } = this.#needs;
    if (!isSame(purchase, name) && !isSame(refundOf, name)) {
      throw new UndeclaredRead('a purchase');
    }
  }

  #requireLot(membershipId: bigint, lot: LotKey): void {
    this.#requireMembership(membershipId);
    const { lots = [], refundOf } = this.#needs;
    const refunded = refundOf && this.earn(refundOf)?.lot;
    const isDeclared =
      lots.some((each) => sameLot(each, lot)) || (refunded !== undefined && sameLot(refunded, lot));
    if (!isDeclared) throw new UndeclaredRead('what a lot lost');
  }
}

function idOf(member: MemberName, { loaded }: LedgerLayers): bigint | undefined {
  const key = memberKey(member);
  return loaded.membershipIds.get(key) ?? loaded.newMembershipIds.get(key);
}

function isSame(name: PurchaseName | undefined, other: PurchaseName): boolean {
  return name?.transactionId === other.transactionId && name.programId === other.programId;
}

function isNamed(
  key: RedemptionKey,
  { redemptionId, idempotencyKey }: { redemptionId?: string; idempotencyKey?: string },
): boolean {
  return 'redemptionId' in key
    ? key.redemptionId === redemptionId
    : key.idempotencyKey === idempotencyKey;
}

/** Counts against stock and limits what an account's redemptions take more, or less, than before. */
function countUsage(
  { stock, usage }: LedgerLayers,
  { before, after, layer }: { before: Account | undefined; after: Account; layer: Layer },
): void {
  if (after.redemptions === before?.redemptions) return;
  const previously = new Map(before?.redemptions.map((each) => [each.redemptionId, each]));
  for (const redemption of after.redemptions) {
    const { membershipId, programId, rewardId, redemptionId, usagePeriod } = redemption;
    const previous = previously.get(redemptionId);
    const amount = unitsTaken(redemption) - (previous === undefined ? 0n : unitsTaken(previous));
    if (amount === 0n) continue;
    if (redemption.stockTaken) {
      const name = { programId, rewardId };
      stock.add(stockKey(name), { name, amount }, layer);
    }
    if (usagePeriod !== undefined) {
      const name = { rewardId, ...usagePeriod, membershipId };
      usage.add(usageKey(membershipId, name), { name, amount }, layer);
    }
  }
}

/** What a lot lost since the account was read. */
function lapsesSince(account: Account | undefined, lot: LotKey): Lapse[] {
  return (account?.entries ?? [])
    .filter(({ kind }) => kind === 'EXPIRE' || kind === 'FORFEIT')
    .flatMap(({ sequence, allocations }) =>
      allocations
        .filter((allocation) => sameLot(allocation, lot))
        .map(({ points }): Lapse => ({ sequence, points: -points })),
    );
}

function lapseKey(lapsed: LapsedLot): string {
  return `${lotKeyOf(lapsed.membershipId, lapsed)}\0${lapsed.sequence}`;
}
