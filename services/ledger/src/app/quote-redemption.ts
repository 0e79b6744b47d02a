import type { Instant } from '@loyalty/rules/instant.ts';
import type { CompiledReward } from '@loyalty/rules/reward-availability.ts';
import type { RewardPrice } from '@loyalty/rules/reward-price.ts';
import { bringUpToDate } from '../domain/bring-up-to-date.ts';
import type { Refusal } from '../domain/errors.ts';
import type { Account } from '../domain/journal.ts';
import { nowOf } from '../domain/membership.ts';
import { isOverdue, type Redemption, unitsTaken } from '../domain/redemption-state.ts';
import type { App } from './app.ts';
import type { MemberName, UsagePeriod } from './ledger-store.ts';
import type { ProgramDefinition } from './program-catalog.ts';
import { requireAccount } from './require-account.ts';
import {
  obstaclesTo,
  priceOf,
  type RewardRequest,
  type RewardTaken,
  requireOffer,
  stockLeftOf,
  unitsOf,
  usagePeriodOf,
} from './reward-offer.ts';
import { visibleProgram } from './visible-program.ts';

/** What a redemption would cost now, and what would prevent it. */
export interface RewardQuote {
  readonly rewardId: string;
  readonly displayName: string;
  readonly description: string;
  readonly imageUri: string;
  /** Units; undefined where the stock has no limit. */
  readonly stockLeft: bigint | undefined;
  readonly quantity: number;
  readonly price: RewardPrice;
  /** None when it would succeed. */
  readonly obstacles: readonly Obstacle[];
}

export interface Obstacle {
  readonly reason:
    | Refusal['reason']
    | 'PROGRAM_NOT_ACTIVE'
    | 'MEMBERSHIP_SUSPENDED'
    | 'MEMBERSHIP_LEFT';
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Quotes a redemption. Writes nothing.
 *
 * @throws {ProgramNotFound} {@link ProgramsUnavailable} {@link MembershipNotFound} {@link RewardNotFound}
 * {@link ValidationFailed}
 */
export async function quoteRedemption(
  app: App,
  input: MemberName & RewardRequest & QuoteViewer,
): Promise<RewardQuote> {
  const program = await visibleProgram(app.catalog, input);
  const now = app.clock();
  const account = await requireAccount(app.reader, input, now);
  const offer = requireOffer(program, input.rewardId);
  const [quote] = await quoteOffers(app, {
    program,
    account,
    now,
    asked: [{ offer, request: input }],
  });
  if (quote === undefined) throw new Error('a quote is missing');
  return quote;
}

export interface QuoteViewer {
  /** Whether the member asks, and not a backend or an admin. */
  readonly byMember: boolean;
}

/** Quotes several rewards for one member, as of the instant that the account was read for. */
export async function quoteOffers(
  { reader }: Pick<App, 'reader'>,
  quoting: {
    program: ProgramDefinition;
    account: Account;
    now: Instant;
    asked: readonly { offer: CompiledReward; request: RewardRequest }[];
  },
): Promise<RewardQuote[]> {
  const { program, asked } = quoting;
  const now = nowOf(quoting.account, quoting.now);
  const account = bringUpToDate(quoting.account, now);
  const rewards = asked.map(({ offer }) => ({
    rewardId: offer.reward.rewardId,
    usage: usagePeriodOf(offer, { program, now }),
  }));
  const { membershipId } = account.membership;
  const taken = await reader.rewardsTaken({ programId: program.programId, membershipId, rewards });
  const ended = quoting.account.redemptions.filter((redemption) => isOverdue(redemption, now));
  return asked.map(({ offer, request }, index) => {
    const price = priceOf(offer, request);
    const takenOfIt = withoutEnded(taken[index] ?? { stock: 0n, byMember: 0n }, {
      ended: ended.filter(({ rewardId }) => rewardId === offer.reward.rewardId),
      usage: rewards[index]?.usage,
    });
    return {
      rewardId: offer.reward.rewardId,
      displayName: offer.reward.displayName,
      description: offer.reward.description,
      imageUri: offer.reward.imageUri,
      stockLeft: stockLeftOf(offer, takenOfIt.stock),
      quantity: unitsOf(request),
      price,
      obstacles: [
        ...generalObstacles(program, account),
        ...obstaclesTo({ offer, request, price, account, taken: takenOfIt, now }),
      ],
    };
  });
}

/** How much is taken, without the member's own holds that have ended and whose end hasn't been written. */
function withoutEnded(
  taken: RewardTaken,
  { ended, usage }: { ended: readonly Redemption[]; usage: UsagePeriod | undefined },
): RewardTaken {
  const units = (holds: readonly Redemption[]) =>
    holds.reduce((sum, hold) => sum + unitsTaken(hold), 0n);
  const counted = ended.filter(
    ({ usagePeriod }) =>
      usagePeriod?.period === usage?.period && usagePeriod?.start === usage?.start,
  );
  return {
    stock: taken.stock - units(ended.filter(({ stockTaken }) => stockTaken)),
    byMember: taken.byMember - units(counted),
  };
}

function generalObstacles(program: ProgramDefinition, { membership }: Account): Obstacle[] {
  const obstacles: Obstacle[] = [];
  if (program.state !== 'ACTIVE') {
    obstacles.push({ reason: 'PROGRAM_NOT_ACTIVE', metadata: { state: program.state } });
  }
  if (membership.state === 'SUSPENDED') {
    obstacles.push({ reason: 'MEMBERSHIP_SUSPENDED', metadata: {} });
  }
  if (membership.state === 'LEFT') obstacles.push({ reason: 'MEMBERSHIP_LEFT', metadata: {} });
  return obstacles;
}
