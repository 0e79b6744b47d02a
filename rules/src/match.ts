import type { CountedItem, CountedPurchase } from './counted-purchase.ts';
import { type Fraction, subtract, sumOf } from './fraction.ts';
import type { Match } from './language.ts';

/** What a purchase must contain, in compiled form. An empty set requires nothing, or excludes nothing. */
export interface CompiledMatch {
  readonly skus: ReadonlySet<string>;
  readonly categories: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  readonly excludedSkus: ReadonlySet<string>;
  readonly excludedCategories: ReadonlySet<string>;
  /** Whether it names the items that count, by SKU or category. */
  readonly namesItems: boolean;
  /** Whether it names items that don't count. */
  readonly excludesItems: boolean;
}

/** What a rule counts of a purchase. */
export interface Matching {
  readonly items: readonly CountedItem[];
  /** In minor units: of the items where the match names some, else of the whole purchase but for what is excluded. */
  readonly amount: Fraction;
}

export function compileMatch(match: Match | undefined): CompiledMatch {
  const skus = new Set(match?.skus);
  const categories = new Set(match?.categories);
  const excludedSkus = new Set(match?.exclude?.skus);
  const excludedCategories = new Set(match?.exclude?.categories);
  return {
    skus,
    categories,
    channels: new Set(match?.channels),
    excludedSkus,
    excludedCategories,
    namesItems: skus.size > 0 || categories.size > 0,
    excludesItems: excludedSkus.size > 0 || excludedCategories.size > 0,
  };
}

export function channelMatches({ channels }: CompiledMatch, { channel }: CountedPurchase): boolean {
  return channels.size === 0 || channels.has(channel);
}

/** What matches of a purchase: all of it where the match names no items. */
export function matchingOf(match: CompiledMatch, { items, amount }: CountedPurchase): Matching {
  if (match.namesItems) {
    const named = items.filter((item) => isNamed(match, item) && !isExcluded(match, item));
    return { items: named, amount: amountOf(named) };
  }
  if (!match.excludesItems) return { items, amount };
  const excluded = items.filter((item) => isExcluded(match, item));
  if (excluded.length === 0) return { items, amount };
  return {
    items: items.filter((item) => !excluded.includes(item)),
    amount: subtract(amount, amountOf(excluded)),
  };
}

function isNamed({ skus, categories }: CompiledMatch, item: CountedItem): boolean {
  return (
    (skus.size === 0 || skus.has(item.sku)) &&
    (categories.size === 0 || item.categories.some((category) => categories.has(category)))
  );
}

function isExcluded({ excludedSkus, excludedCategories }: CompiledMatch, item: CountedItem) {
  return (
    excludedSkus.has(item.sku) ||
    (excludedCategories.size > 0 &&
      item.categories.some((category) => excludedCategories.has(category)))
  );
}

function amountOf(items: readonly CountedItem[]): Fraction {
  return sumOf(items.map(({ amount }) => amount));
}
