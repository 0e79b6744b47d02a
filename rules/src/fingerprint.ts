import { hash } from 'node:crypto';
import { epochMs } from './epoch-ms.ts';
import type { Purchase } from './language.ts';
import { type MoneyMessage, moneyOf } from './money.ts';

/** The member and the purchase: what must be equal for a request to be a repeat. */
export interface EarnContent {
  readonly userId: string;
  readonly purchase: Purchase;
}

/** The first byte of a fingerprint. It rises when content is written in another way. */
export const FINGERPRINT_VERSION = 2;

/**
 * What must be the same for a repeat of a request to be one: one version byte and a SHA-256. Contents are the same when
 * their fingerprints are.
 *
 * @param content written as JSON, so it has to consist of what JSON writes in one way only
 */
export function fingerprintOf(content: unknown): Uint8Array {
  const digest = hash('sha256', JSON.stringify(content), 'buffer');
  return Buffer.concat([Buffer.of(FINGERPRINT_VERSION), digest]);
}

export function sameFingerprint(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.from(left).equals(right);
}

/**
 * The fingerprint of an earn's content. The order of items, categories and attributes makes no difference, and neither
 * does what is finer than a millisecond.
 */
export function fingerprintPurchase(userId: string, purchase: Purchase): Uint8Array {
  return fingerprintOf([userId, canonical(purchase)]);
}

/** The fields in which a repeat differs from the first report, as paths of proto field names. Never any of their values. */
export function differingFields(first: EarnContent, repeat: EarnContent): string[] {
  const fields = first.userId === repeat.userId ? [] : ['user_id'];
  return [...fields, ...purchaseDifferences(first.purchase, repeat.purchase)];
}

const DIFFERENCES_MAX = 20;

/** The content as lists and scalars that JSON writes in one way only. */
function canonical(purchase: Purchase) {
  const { transactionId, occurTime, amount, items, channel, attributes } = purchase;
  return {
    transaction_id: transactionId,
    occur_time: occurTime === undefined ? null : epochMs(occurTime),
    amount: canonicalMoney(amount),
    items: items
      .map((item) => ({
        item_id: item.itemId,
        sku: item.sku,
        categories: [...new Set(item.categories)].sort(),
        quantity: item.quantity,
        amount: canonicalMoney(item.amount),
      }))
      .sort((left, right) => (left.item_id < right.item_id ? -1 : 1)),
    channel,
    attributes: Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1)),
  };
}

function canonicalMoney(message: MoneyMessage | undefined) {
  if (message === undefined) return null;
  const { currencyCode, minorUnits } = moneyOf(message);
  return { currency_code: currencyCode, minor_units: `${minorUnits}` };
}

type Canonical = ReturnType<typeof canonical>;

function purchaseDifferences(first: Purchase, repeat: Purchase): string[] {
  const [left, right] = [canonical(first), canonical(repeat)];
  const fields: string[] = [];
  for (const name of Object.keys(left) as (keyof Canonical)[]) {
    if (!differs(left[name], right[name])) continue;
    if (name !== 'items' || left.items.length !== right.items.length) {
      fields.push(`transaction.${name}`);
    } else {
      fields.push(...itemDifferences(left.items, { right: right.items, repeat }));
    }
  }
  return fields.slice(0, DIFFERENCES_MAX);
}

/** Items are named by their place in the repeat, as it was sent. */
function itemDifferences(
  left: Canonical['items'],
  { right, repeat }: { readonly right: Canonical['items']; readonly repeat: Purchase },
): string[] {
  const known = new Map(left.map((item) => [item.item_id, item]));
  const compared = new Map(right.map((item) => [item.item_id, item]));
  return repeat.items.flatMap(({ itemId }, index) => {
    const [before, after] = [known.get(itemId), compared.get(itemId)];
    if (before === undefined || after === undefined) return [`transaction.items[${index}].item_id`];
    return (Object.keys(after) as (keyof typeof after)[])
      .filter((part) => differs(before[part], after[part]))
      .map((part) => `transaction.items[${index}].${part}`);
  });
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
