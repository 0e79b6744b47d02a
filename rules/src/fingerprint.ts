import { createHash } from 'node:crypto';
import type { Money, Transaction } from './language.ts';

/** Who earns for which transaction: what must be the same for a repeat to be one. */
export interface EarnContent {
  readonly userId: string;
  readonly transaction: Transaction;
}

/** The first byte of a fingerprint. It rises when content is written in another way, so that old ones stay readable. */
export const FINGERPRINT_VERSION = 1;

/**
 * A fingerprint of an earn's content: one version byte and a SHA-256. Contents are the same when their fingerprints are;
 * the order of map entries makes no difference.
 */
export function fingerprintTransaction(userId: string, transaction: Transaction): Uint8Array {
  const digest = createHash('sha256').update(JSON.stringify([userId, canonical(transaction)]));
  return Buffer.concat([Buffer.of(FINGERPRINT_VERSION), digest.digest()]);
}

/** The fields in which two contents differ, as paths of proto field names. Never any of their values. */
export function differingFields(a: EarnContent, b: EarnContent): string[] {
  const fields = a.userId === b.userId ? [] : ['user_id'];
  const [left, right] = [canonical(a.transaction), canonical(b.transaction)];
  return [...fields, ...differences(left, right, 'transaction')];
}

const DIFFERENCES_MAX = 20;

/** The content as lists and scalars that JSON writes in one way only. */
function canonical(transaction: Transaction) {
  const { transactionId, occurTime, amount, items, channel, attributes } = transaction;
  return {
    transaction_id: transactionId,
    occur_time: occurTime === undefined ? null : [`${occurTime.seconds}`, occurTime.nanos],
    amount: canonicalMoney(amount),
    items: items.map((item) => ({
      item_id: item.itemId,
      sku: item.sku,
      categories: item.categories,
      quantity: item.quantity,
      amount: canonicalMoney(item.amount),
    })),
    channel,
    attributes: Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1)),
  };
}

function canonicalMoney(money: Money | undefined) {
  return money === undefined
    ? null
    : { currency_code: money.currencyCode, minor_units: `${money.minorUnits}` };
}

function differences(
  left: ReturnType<typeof canonical>,
  right: ReturnType<typeof canonical>,
  prefix: string,
): string[] {
  const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);
  const fields: string[] = [];
  for (const name of Object.keys(left) as (keyof typeof left)[]) {
    if (!differs(left[name], right[name])) continue;
    if (name !== 'items' || left.items.length !== right.items.length) {
      fields.push(`${prefix}.${name}`);
      continue;
    }
    left.items.forEach((item, index) => {
      const other = right.items[index];
      for (const part of Object.keys(item) as (keyof typeof item)[]) {
        if (differs(item[part], other?.[part])) fields.push(`${prefix}.items[${index}].${part}`);
      }
    });
  }
  return fields.slice(0, DIFFERENCES_MAX);
}
