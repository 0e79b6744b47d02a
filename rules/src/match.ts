import type { Match } from './language.ts';
import type { Purchase, PurchaseItem } from './purchase.ts';

/** What a transaction must contain, ready to be asked. An empty set asks for nothing. */
export interface CompiledMatch {
  readonly skus: ReadonlySet<string>;
  readonly categories: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  /** Whether it asks for items at all. */
  readonly ofItems: boolean;
}

export function compileMatch(match: Match | undefined): CompiledMatch {
  const skus = new Set(match?.skus);
  const categories = new Set(match?.categories);
  const channels = new Set(match?.channels);
  return { skus, categories, channels, ofItems: skus.size > 0 || categories.size > 0 };
}

export function channelMatches({ channels }: CompiledMatch, { channel }: Purchase): boolean {
  return channels.size === 0 || channels.has(channel);
}

/** The items that match: all of them where none are asked for. */
export function matchingItems(match: CompiledMatch, { items }: Purchase): readonly PurchaseItem[] {
  if (!match.ofItems) return items;
  const { skus, categories } = match;
  return items.filter(
    (item) =>
      (skus.size === 0 || skus.has(item.sku)) &&
      (categories.size === 0 || item.categories.some((category) => categories.has(category))),
  );
}
