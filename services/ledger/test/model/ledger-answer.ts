import { DomainError } from '@loyalty/rules/domain-error.ts';
import type { MemberName } from '../../src/app/ledger-store.ts';
import type { RedeemResult } from '../../src/app/redeem.ts';
import type { ReverseEarnResult } from '../../src/app/reverse-earn.ts';
import type { Balance } from '../../src/domain/balance.ts';
import { type Account, pointsOf } from '../../src/domain/journal.ts';
import { author, type UseCases } from '../commit-fixture.ts';
import { type Answer, attributesText, type Command, type Of } from './command.ts';

/** What the ledger answered, in the terms of the reference model, and the balance where it told that too. */
export interface LedgerAnswer {
  readonly answer: Answer;
  readonly balance?: Answer | undefined;
}

/** Sends one member's commands to the ledger. Knows the ids that the ledger gave to redemptions, by their keys. */
export function createLedgerClient(ledger: UseCases, member: MemberName) {
  const redemptionIds = new Map<string, string>();
  const named = (key: string) => ({ ...member, redemptionId: redemptionIds.get(key) ?? 'none' });

  return async (command: Command): Promise<LedgerAnswer> => {
    try {
      return await send(command);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const { redemptionId } = error.metadata;
      if (command.kind === 'redeem' && redemptionId !== undefined) {
        redemptionIds.set(command.key, redemptionId);
      }
      return { answer: refusalAnswer(error, command) };
    }
  };

  async function send(command: Command): Promise<LedgerAnswer> {
    switch (command.kind) {
      case 'look':
        return { answer: {} };
      case 'join': {
        const { attributes } = command;
        const joining = { ...member, attributes, byMember: false };
        const { account, replayed } = await ledger.join(joining, author);
        return { answer: { ...membershipAnswer(account), replayed } };
      }
      case 'suspend':
      case 'resume':
        return { answer: membershipAnswer(await ledger[command.kind](member, author)) };
      case 'leave':
        return { answer: leavingAnswer(await ledger.leave({ ...member, ...command }, author)) };
      case 'update': {
        const { set, removed, asRead } = command;
        const attributes = { kind: 'MERGE', set, removed } as const;
        const etags = asRead === undefined ? [] : [[`${asRead}.1`]];
        const updating = { ...member, attributes, etags };
        return { answer: membershipAnswer(await ledger.update(updating, author)) };
      }
      case 'earn':
        return await earn(command);
      case 'refund':
        return refundAnswer(await ledger.reverseEarn({ ...member, ...command }, author));
      case 'cancelRefund':
        return { answer: { state: (await ledger.cancelRefund({ ...member, ...command })).state } };
      case 'adjust':
        return await adjust(command);
      case 'quote': {
        const { price, obstacles } = await ledger.quote({ ...member, ...command, byMember: false });
        const reasons = obstacles.map(({ reason }) => reason).join();
        return { answer: { points: Number(price.points), reasons } };
      }
      case 'redeem':
        return await redeem(command);
      case 'capture':
        return redemptionAnswer(
          await ledger.capture({ ...named(command.key), part: command.part }, author),
        );
      case 'cancel':
        return redemptionAnswer(
          await ledger.cancel({ ...named(command.key), byMember: command.byMember }, author),
        );
      case 'reverse': {
        const { key, requestKey: idempotencyKey, part } = command;
        return redemptionAnswer(
          await ledger.reverse({ ...named(key), idempotencyKey, part }, author),
        );
      }
      default:
        return command satisfies never;
    }
  }

  async function earn({ purchase, byAnother }: Of<'earn'>): Promise<LedgerAnswer> {
    const userId = byAnother ? `${member.userId}-other` : member.userId;
    const result = await ledger.earn({ ...member, userId, purchase }, author);
    const { state, points, reversedPoints } = result.earn;
    return {
      answer: {
        state,
        points: Number(points),
        reversed: Number(reversedPoints),
        replayed: result.replayed,
      },
      balance: balanceAnswer(result.balance),
    };
  }

  async function redeem({ key, holdSeconds, byMember, ...asking }: Of<'redeem'>) {
    const result = await ledger.redeem(
      {
        ...member,
        ...asking,
        idempotencyKey: key,
        capture: holdSeconds === undefined ? 'IMMEDIATE' : 'HOLD',
        holdSeconds: holdSeconds || undefined,
        reference: '',
        madeByMember: byMember,
      },
      author,
    );
    redemptionIds.set(key, result.redemption.redemptionId);
    return redemptionAnswer(result);
  }

  async function adjust({ requestKey, points, allowDeficit, dates }: Of<'adjust'>) {
    const { entry, balance, replayed } = await ledger.adjust(
      {
        ...member,
        ...dates,
        idempotencyKey: requestKey,
        points,
        reason: 'goodwill',
        allowDeficit,
      },
      author,
    );
    const { available, pending, deficit } = entry;
    const numbers = { available, pending, deficit };
    return { answer: { ...inNumbers(numbers), replayed }, balance: balanceAnswer(balance) };
  }
}

/** A balance in the terms of the reference model. */
export function balanceAnswer({ nextExpiry, nextMaturity, ...points }: Balance): Answer {
  return {
    ...inNumbers(points),
    nextExpiryTime: nextExpiry && new Date(nextExpiry.time).toISOString(),
    nextExpiryPoints: nextExpiry && Number(nextExpiry.points),
    nextMaturityTime: nextMaturity && new Date(nextMaturity.time).toISOString(),
    nextMaturityPoints: nextMaturity && Number(nextMaturity.points),
  };
}

function inNumbers(points: Readonly<Record<string, bigint>>): Answer {
  return Object.fromEntries(Object.entries(points).map(([name, value]) => [name, Number(value)]));
}

function membershipAnswer({ membership }: Account): Answer {
  const { state, attributes, attributesRevision } = membership;
  return { state, attributes: attributesText(attributes), changes: Number(attributesRevision) };
}

/** With the keys of the holds that leaving ended, in the order in which it did, and what was forfeited. */
function leavingAnswer(account: Account): Answer {
  const { redemptions, entries } = account;
  const ended = redemptions.filter(({ state }) => state === 'CANCELLED');
  const released = entries
    .filter(({ kind }) => kind === 'RELEASE')
    .flatMap(({ redemptionId }) => ended.filter((each) => each.redemptionId === redemptionId));
  const forfeits = entries.filter(({ kind }) => kind === 'FORFEIT');
  return {
    ...membershipAnswer(account),
    released: released.map(({ idempotencyKey }) => idempotencyKey).join(),
    forfeited: forfeits.reduce((sum, entry) => sum - Number(pointsOf(entry)), 0),
  };
}

function refundAnswer({ refund, earned, replayed }: ReverseEarnResult): LedgerAnswer {
  const { state, points, taken, lapsed, owed, forgiven } = refund;
  const numbers = inNumbers({ points, taken, lapsed, owed, forgiven });
  return {
    answer: { state, ...numbers, replayed },
    balance: earned && balanceAnswer(earned.balance),
  };
}

function redemptionAnswer({ redemption, balance, replayed }: RedeemResult): LedgerAnswer {
  const { state, quantity, points, reversedPoints, value } = redemption;
  return {
    answer: {
      state,
      units: quantity,
      points: Number(points),
      reversed: Number(reversedPoints),
      value: value && Number(value.minorUnits),
      replayed,
    },
    balance: balanceAnswer(balance),
  };
}

function refusalAnswer({ reason, metadata }: DomainError, command: Command): Answer {
  const { missingPoints, pricePoints, expectedPoints, from, to, fields } = metadata;
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  return {
    error: reason,
    missing: number(missingPoints),
    pricePoints: number(pricePoints),
    expectedPoints: number(expectedPoints),
    // "ACTIVE with open holds"
    from: command.kind === 'leave' ? from?.split(' ')[0] : from,
    to,
    fields,
  };
}
