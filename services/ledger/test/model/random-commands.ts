import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { MoneySchema } from '@loyalty/proto/loyalty/programs/v1/money_pb.ts';
import { TransactionSchema } from '@loyalty/proto/loyalty/programs/v1/transaction_pb.ts';
import type { Purchase } from '@loyalty/rules/language.ts';
import type { Money } from '@loyalty/rules/money.ts';
import type { RefundPart } from '@loyalty/rules/remaining-purchase.ts';
import type { RedemptionPartName } from '../../src/app/redemption-part.ts';
import type { Answer, Command, Dates, Of } from './command.ts';
import type { Random } from './random.ts';

const day = 24 * 3_600;
const dayMs = day * 1_000;

/** Makes up what a member and the backends do next. What they did before comes back: repeated, contradicted, undone. */
export interface CommandSource {
  next(now: number): Command;
  /** Tells what came of the command, and the balance since, of who has one. */
  learn(command: Command, answer: Answer, balance: Answer | undefined): void;
}

export function createCommandSource(random: Random, userId: string): CommandSource {
  const sent: Command[] = [];
  const posted: Purchase[] = [];
  /** The state of each redemption as it was last heard of, by key. */
  const redeemed = new Map<string, unknown>();
  let lastError: unknown;
  let hasLeft = false;
  let deficit = 0;
  /** Purchases whose refunds have come already. */
  const expected: Purchase[] = [];
  let serial = 0;
  function newId(kind: string): string {
    serial += 1;
    return `${kind}-${userId}-${String(serial).padStart(3, '0')}`;
  }
  const before = <Kind extends Command['kind']>(kind: Kind) =>
    sent.filter((command): command is Of<Kind> => command.kind === kind);

  function newEarn(now: number): Command {
    const purchase = random.chance(0.7) ? expected.shift() : undefined;
    return {
      kind: 'earn',
      purchase: purchase ?? newPurchase(random, newId('t'), now),
      byAnother: false,
    };
  }

  function oldEarn(now: number): Command {
    if (posted.length === 0) return newEarn(now);
    const purchase = random.pick(posted);
    const kind = 'earn';
    if (random.chance(0.5)) return { kind, purchase, byAnother: false };
    if (random.chance(0.3)) return { kind, purchase, byAnother: true };
    return { kind, purchase: withOtherContent(random, purchase), byAnother: false };
  }

  function refund(now: number): Command {
    const refunds = before('refund');
    if (refunds.length > 0 && random.chance(0.15)) {
      const again = random.pick(refunds);
      return random.chance(0.6) ? again : { ...again, extent: { kind: 'FULL' } };
    }
    const earned = before('earn').map(({ purchase }) => purchase);
    if (earned.length === 0 || random.chance(0.2)) {
      earned.splice(0, Number.POSITIVE_INFINITY, newPurchase(random, newId('t'), now));
      expected.push(...earned);
    }
    const purchase = random.pick(random.chance(0.5) ? earned.slice(-2) : earned);
    const { transactionId } = purchase;
    const extent = refundExtent(random, purchase);
    return { kind: 'refund', transactionId, refundId: newId('r'), extent };
  }

  function cancelRefund(): Command {
    const refunds = before('refund');
    const { transactionId, refundId } =
      refunds.length === 0 || random.chance(0.1)
        ? { transactionId: 'none', refundId: 'none' }
        : random.pick(refunds);
    return { kind: 'cancelRefund', transactionId, refundId };
  }

  function asking() {
    const often = ['glass', 'glass', 'glass', 'bottle', 'bottle', 'voucher', `cup-${userId}`];
    const rewardId = random.chance(0.02)
      ? 'none'
      : random.pick([...often, ...often, 'tour', 'summer']);
    const inPoints = (rewardId === 'voucher') !== random.chance(0.02);
    return inPoints
      ? { rewardId, points: BigInt(random.pick([15, 20, 25, 25, 40, 60])) }
      : { rewardId, quantity: random.pick([undefined, 1, 2, 3]) };
  }

  function redeem(): Command {
    const asked = before('redeem');
    if (asked.length > 0 && random.chance(0.15)) {
      return again(random.pick(asked));
    }
    return {
      kind: 'redeem',
      key: newId('k'),
      ...asking(),
      ...(random.chance(0.3)
        ? {
            byMember: true,
            holdSeconds: random.pick([undefined, undefined, 0, 900, 900, 900, 901]),
          }
        : { byMember: false, holdSeconds: random.pick([undefined, day, 8 * day, 30 * day]) }),
      expectedPoints: random.chance(0.96) ? undefined : 10n,
    };
  }

  /** The same redemption as before, in other words or with other content. */
  function again(asked: Of<'redeem'>): Command {
    const { quantity, holdSeconds } = asked;
    if (random.chance(0.4)) return { ...asked, quantity: (quantity ?? 0) + 1 };
    if (random.chance(0.5)) return asked;
    return {
      ...asked,
      quantity: quantity ?? 1,
      holdSeconds: holdSeconds === 0 ? 900 : holdSeconds === 900 ? 0 : holdSeconds,
      expectedPoints: 11n,
    };
  }

  /** The key of a redemption, mostly of one in that state. */
  function key(wanted: 'RESERVED' | 'CAPTURED'): string {
    const all = before('redeem').map((asked) => asked.key);
    const fit = all.filter((each) => redeemed.get(each) === wanted);
    if (fit.length > 0 && random.chance(0.85)) return random.pick(fit);
    return all.length > 0 ? random.pick(all) : 'none';
  }

  function capture(): Command {
    const made = before('capture');
    if (made.length > 0 && random.chance(0.15)) return random.pick(made);
    return { kind: 'capture', key: key('RESERVED'), part: part() };
  }

  function cancel(): Command {
    const made = before('cancel');
    if (made.length > 0 && random.chance(0.15)) return random.pick(made);
    return { kind: 'cancel', key: key('RESERVED'), byMember: random.chance(0.3) };
  }

  function part(): RedemptionPartName {
    if (random.chance(0.4)) return { kind: 'ALL' };
    return random.chance(0.75)
      ? { kind: 'QUANTITY', quantity: random.pick([1, 1, 2, 3]) }
      : { kind: 'POINTS', points: BigInt(random.pick([5, 10, 20, 35])) };
  }

  function reverse(): Command {
    const reversed = before('reverse');
    const again = reversed.length > 0 && random.chance(0.2) ? random.pick(reversed) : undefined;
    if (again !== undefined) return random.chance(0.6) ? again : { ...again, part: part() };
    return { kind: 'reverse', key: key('CAPTURED'), requestKey: newId('q'), part: part() };
  }

  function adjust(now: number): Command {
    const adjusted = before('adjust');
    const made = adjusted.length > 0 && random.chance(0.2) ? random.pick(adjusted) : undefined;
    if (made !== undefined) {
      if (random.chance(0.6)) return made;
      return random.chance(0.5)
        ? { ...made, points: made.points + 1n }
        : { ...made, dates: { ...made.dates, expireTime: now + dayMs } };
    }
    const owed = deficit > 0 ? [deficit, Math.ceil(deficit / 2)] : [];
    const points = BigInt(random.pick([-60, -25, -7, 3, 12, 30, 80, ...owed]));
    const dated = random.chance(points < 0n ? 0.05 : 0.6);
    return {
      kind: 'adjust',
      requestKey: newId('a'),
      points,
      allowDeficit: random.chance(0.5),
      dates: dated ? newDates(random, now) : {},
    };
  }

  function join(): Command {
    const attributes = random.pick([{}, {}, { tier: 'gold' }, { tier: 'silver', shop: 'paris' }]);
    return { kind: 'join', attributes };
  }

  function update(): Command {
    const changes = [
      { set: { tier: 'gold' }, removed: [] },
      { set: { shop: 'lyon' }, removed: ['tier'] },
      { set: {}, removed: ['tier', 'shop'] },
    ];
    const asRead = random.chance(0.3) ? random.below(4) : undefined;
    return { kind: 'update', ...random.pick(changes), asRead };
  }

  const choices: [weight: number, make: (now: number) => Command][] = [
    [20, newEarn],
    [6, oldEarn],
    [14, refund],
    [2, cancelRefund],
    [20, redeem],
    [9, capture],
    [4, cancel],
    [9, reverse],
    [8, adjust],
    [3, () => ({ kind: 'quote', ...asking() })],
    [2, () => ({ kind: 'look' })],
    [1, () => ({ kind: 'suspend' })],
    [1, () => ({ kind: 'resume' })],
    [2, () => ({ kind: 'leave', byMember: random.chance(0.6) })],
    [1, join],
    [2, update],
  ];
  const bag = choices.flatMap(([weight, make]) => Array.from({ length: weight * 2 }, () => make));

  /** Mostly what can succeed: nobody captures before they redeem, or redeems before they earn. */
  function pick(now: number): Command {
    const command = random.pick(bag)(now);
    if (random.chance(0.1)) return command;
    if (lastError === 'MEMBERSHIP_NOT_FOUND' || lastError === 'MEMBERSHIP_LEFT') return join();
    // What comes back to them, or is given to them, is what there is to be wrong about.
    if (hasLeft && random.chance(0.5)) return random.pick([reverse, reverse, adjust])(now);
    if (lastError === 'MEMBERSHIP_SUSPENDED') {
      return random.chance(0.6) ? { kind: 'resume' } : { kind: 'leave', byMember: false };
    }
    const { kind } = command;
    if (posted.length === 0 && kind === 'redeem') return newEarn(now);
    const states = [...redeemed.values()];
    if (states.at(-1) === 'RESERVED' && random.chance(0.4)) return capture();
    if (states.at(-1) === 'CAPTURED' && random.chance(0.25)) return reverse();
    const holds = states.filter((state) => state === 'RESERVED').length;
    if (holds > 1 && random.chance(0.04)) return { kind: 'leave', byMember: false };
    const redeeming = posted.length === 0 ? newEarn : redeem;
    if (kind === 'capture' || kind === 'cancel') {
      return states.includes('RESERVED') ? command : redeeming(now);
    }
    if (kind === 'reverse') return states.includes('CAPTURED') ? command : redeeming(now);
    return command;
  }

  return {
    next(now) {
      const first = sent.length === 0 && random.chance(0.75);
      const command: Command = first ? join() : pick(now);
      sent.push(command);
      return command;
    },
    learn(command, { error, from, state }, balance) {
      lastError = error;
      deficit = Number(balance?.['deficit'] ?? 0);
      if (command.kind === 'leave' || command.kind === 'join') hasLeft = state === 'LEFT';
      const heard = from ?? state;
      if ('key' in command && heard !== undefined) redeemed.set(command.key, heard);
      if (command.kind === 'earn' && error === undefined) posted.push(command.purchase);
    },
  };
}

function newPurchase(random: Random, transactionId: string, now: number): Purchase {
  const ago = random.pick([0, 0, 0, 3_600_000, dayMs, 5 * dayMs, 20 * dayMs, 80 * dayMs, -180_000]);
  return create(TransactionSchema, {
    transactionId,
    occurTime: timestampFromMs(now - ago),
    amount: usd(random.pick([0, 999, 2_500, 3_333, 6_000, 8_000, 12_345, 20_000])),
    items: Array.from({ length: random.below(3) }, (_, index) => ({
      itemId: String(index + 1),
      sku: `sku-${index}`,
      categories: [random.pick(['wine', 'food'])],
      quantity: 1 + random.below(4),
      amount: usd(random.pick([0, 500, 1_001, 2_000])),
    })),
    attributes: { store: random.pick(['paris', 'lyon']) },
  });
}

function newDates(random: Random, now: number): Dates {
  const after = (days: number | undefined) => (days === undefined ? undefined : now + days * dayMs);
  return {
    availableTime: after(random.pick([undefined, undefined, -1, 3, 20, 40])),
    expireTime: after(random.pick([undefined, undefined, undefined, -1, 10, 45])),
  };
}

function withOtherContent(random: Random, purchase: Purchase): Purchase {
  return create(
    TransactionSchema,
    random.chance(0.5)
      ? {
          ...purchase,
          amount: create(MoneySchema, usd(1 + Number(purchase.amount?.minorUnits))),
        }
      : { ...purchase, channel: 'web', attributes: {} },
  );
}

function refundExtent(random: Random, { amount, items }: Purchase): RefundPart {
  if (random.chance(0.25)) return { kind: 'FULL' };
  if (items.length > 0 && random.chance(0.5)) {
    const named = random.chance(0.5) ? items.slice(0, 1) : items;
    return {
      kind: 'ITEMS',
      items: named.map(({ itemId, quantity }) => ({
        itemId: random.chance(0.03) ? 'none' : itemId,
        quantity: random.chance(0.3) ? quantity : 1 + random.below(quantity),
      })),
    };
  }
  const whole = Number(amount?.minorUnits);
  const share = random.pick([0, 0.1, 0.3, 0.5, 0.77, 1, 1, 1.1]);
  const currencyCode = random.chance(0.03) ? 'EUR' : 'USD';
  return { kind: 'AMOUNT', amount: { ...usd(Math.round(whole * share)), currencyCode } };
}

function usd(minorUnits: number): Money {
  return { currencyCode: 'USD', minorUnits: BigInt(minorUnits) };
}
