import type { Reasoned } from '@loyalty/platform/errors.ts';
import { forEachAtOnce, inBatches } from '../service-calls/at-once.ts';
import type { Retries } from '../service-calls/retries.ts';

/** The ledger's final result for one line. */
export type LineOutcome =
  | {
      readonly kind: 'done';
      readonly points: bigint;
      /** Whether it was done before. */
      readonly replayed: boolean;
      /** When it was done, in milliseconds since the epoch by the ledger's clock. */
      readonly doneMs: number;
      /** Whether it is a refund that waits for its purchase. */
      readonly waits?: boolean;
    }
  | { readonly kind: 'refused'; readonly problem: string };

/** The line is refused, and may succeed later. */
export interface Postponed {
  readonly kind: 'postponed';
  readonly error: NotYet;
}

/** Thrown when the same may succeed later. */
export class NotYet extends Error implements Reasoned {
  override readonly name = 'NotYet';
  readonly reason: string;
  readonly retryAfterMs: number;

  constructor(message: string, options: { reason: string; retryAfterMs: number }) {
    super(message);
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface Sender<Item> {
  readonly batchSize: number;
  readonly batchesAtOnce: number;
  /** Sends items, which may be repeated safely. Returns a result for each, in their order. */
  send(items: readonly Item[]): Promise<readonly (LineOutcome | Postponed)[]>;
}

export interface SendOptions<Item> {
  readonly sender: Sender<Item>;
  readonly retries: Retries;
  readonly onOutcome: (item: Item, outcome: LineOutcome) => void;
}

/**
 * Sends items in batches, several at the same time, and repeats what may succeed later until it has a final result.
 *
 * @throws what the sender throws, when repeating it is no use or has been for too long
 */
export async function sendAll<Item>(
  lists: AsyncIterable<readonly Item[]>,
  options: SendOptions<Item>,
): Promise<void> {
  const { batchSize, batchesAtOnce } = options.sender;
  const beganMs = Date.now();
  await forEachAtOnce(batchesAtOnce, inBatches(batchSize, lists), (batch) =>
    sendBatch(batch, { ...options, beganMs }),
  );
}

async function sendBatch<Item>(
  batch: readonly Item[],
  options: SendOptions<Item> & { beganMs: number },
): Promise<void> {
  const turn = options.retries.begin();
  let wasLost = false;
  for (let items = batch; items.length > 0; ) {
    let error: unknown;
    try {
      const outcomes = await options.sender.send(items);
      const postponed = takeOutcomes(items, { ...options, outcomes, wasLost });
      if (postponed.length < items.length) turn.advance();
      items = postponed.map(({ item }) => item);
      error = longest(postponed.map((each) => each.error));
    } catch (thrown) {
      wasLost = true;
      error = thrown;
    }
    if (items.length > 0) await turn.pause(error);
  }
}

function takeOutcomes<Item>(
  items: readonly Item[],
  {
    outcomes,
    wasLost,
    beganMs,
    onOutcome,
  }: SendOptions<Item> & {
    outcomes: readonly (LineOutcome | Postponed)[];
    wasLost: boolean;
    beganMs: number;
  },
): { item: Item; error: NotYet }[] {
  const postponed: { item: Item; error: NotYet }[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) throw new Error('The ledger left out a result');
    if (outcome.kind === 'postponed') {
      postponed.push({ item, error: outcome.error });
    } else if (outcome.kind === 'done' && wasLost && outcome.doneMs >= beganMs) {
      // This import did it itself, and the response was lost. If clocks differ, it may be counted as known before;
      // nothing else depends on it.
      onOutcome(item, { ...outcome, replayed: false });
    } else {
      onOutcome(item, outcome);
    }
  }
  return postponed;
}

/** The error that asks for the longest pause. */
function longest(errors: readonly NotYet[]): NotYet | undefined {
  return errors.toSorted((left, right) => right.retryAfterMs - left.retryAfterMs)[0];
}
