import { isCurrency } from './decimal.ts';
import { epochMs } from './epoch-ms.ts';
import type { Instant } from './instant.ts';
import type { Purchase, PurchaseItem, Violation } from './language.ts';
import { CLOCK_DIFFERENCE_MS_MAX } from './rule-set-in-force.ts';

/**
 * What is wrong with a purchase beyond the limits on single fields, which the protos declare. Given the server's clock,
 * checks that the purchase isn't from the future. Fields are paths within the purchase.
 */
export function validatePurchase(purchase: Purchase, now?: Instant): Violation[] {
  const { amount, items } = purchase;
  const violations = [...timeViolations(purchase, now), ...textViolations(purchase)];
  const currencyCode = amount?.currencyCode ?? '';
  if (amount !== undefined && !isCurrency(currencyCode)) {
    violations.push({
      field: 'amount.currency_code',
      message: `unknown currency ${currencyCode}; use an ISO 4217 code, such as "USD"`,
    });
  }
  const seen = new Set<string>();
  items.forEach((item, index) => {
    violations.push(...itemViolations(item, { field: `items[${index}]`, currencyCode, seen }));
  });
  return violations;
}

function timeViolations({ occurTime }: Purchase, now: Instant | undefined): Violation[] {
  const field = 'occur_time';
  if (occurTime === undefined) return [{ field, message: 'must be set' }];
  const { nanos } = occurTime;
  if (nanos < 0 || nanos > 999_999_999) {
    return [{ field, message: 'nanos must be from 0 to 999999999' }];
  }
  const occurMs = epochMs(occurTime);
  if (occurMs < 0) return [{ field, message: 'must not be before 1970' }];
  if (occurMs >= TIME_MS_END) return [{ field, message: 'must be before the year 10000' }];
  if (now !== undefined && occurMs > now + CLOCK_DIFFERENCE_MS_MAX) {
    return [{ field, message: "must be at most 5 minutes ahead of the server's clock" }];
  }
  return [];
}

const TIME_MS_END = Date.UTC(10_000, 0, 1);

function itemViolations(
  { itemId, amount }: PurchaseItem,
  context: { readonly field: string; readonly currencyCode: string; readonly seen: Set<string> },
): Violation[] {
  const { field, currencyCode, seen } = context;
  const violations: Violation[] = [];
  if (seen.has(itemId)) {
    const message = `${itemId} is the id of an earlier item; give each item its own`;
    violations.push({ field: `${field}.item_id`, message });
  }
  seen.add(itemId);
  if (amount !== undefined && amount.currencyCode !== currencyCode) {
    const message = `must be ${currencyCode}, the transaction's currency`;
    violations.push({ field: `${field}.amount.currency_code`, message });
  }
  return violations;
}

/** A NUL can't be stored in PostgreSQL, and half a surrogate pair isn't text. */
function textViolations({ channel, items, attributes }: Purchase): Violation[] {
  const texts: [field: string, text: string][] = [['channel', channel]];
  items.forEach((item, index) => {
    texts.push([`items[${index}].sku`, item.sku]);
    item.categories.forEach((category, at) => {
      texts.push([`items[${index}].categories[${at}]`, category]);
    });
  });
  for (const [key, value] of Object.entries(attributes)) texts.push(['attributes', key + value]);
  return texts
    .filter(([, text]) => text.includes('\0') || !text.isWellFormed())
    .map(([field]) => ({ field, message: 'must be text without NUL characters' }));
}
