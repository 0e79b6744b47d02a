import type { RewardOffer } from '../domain/reward.ts';
import type { App } from './app.ts';

/** An offer as the audit shows it, field by field. */
export function offerJson(
  { definitions }: App,
  { state, definition }: RewardOffer,
): Readonly<Record<string, unknown>> {
  return { ...definitions.reward.toJson(definition), state };
}
