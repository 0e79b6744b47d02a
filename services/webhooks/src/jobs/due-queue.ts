import type { Instant } from '@loyalty/rules/instant.ts';
import type { DeliveryStore, Lease, LeasedEndpoint } from '../app/delivery-store.ts';
import type { Delivery } from '../domain/delivery.ts';

/** Deliveries that are fetched together. It bounds their number, not the memory that their bodies take. */
const fetchedMax = 20;
/** How long what was fetched is sent, at most, before looking for what is more urgent. */
const freshMs = 1_000;

/** What is due to one endpoint, the most urgent first. */
export interface DueQueue {
  needsRefill(): boolean;
  /** After how long it is to be refilled whatever happens. */
  freshForMs(): number;
  /** Fetches what is due, except for what is under way. Returns the endpoint as it is now. */
  refill(): Promise<LeasedEndpoint | undefined>;
  /** The next delivery, which is under way until it is done. */
  next(): Delivery | undefined;
  done(delivery: Delivery): void;
}

export function createDueQueue({
  endpoint,
  deliveries,
  clock,
}: {
  endpoint: Lease;
  deliveries: Pick<DeliveryStore, 'due'>;
  clock: () => Instant;
}): DueQueue {
  const underWay = new Set<bigint>();
  let queue: Delivery[] = [];
  let foundAll = false;
  let refilledAt = Number.NEGATIVE_INFINITY;
  return {
    needsRefill() {
      if (performance.now() - refilledAt >= freshMs) return true;
      // Once all was found, only the last request to end looks for new deliveries.
      return queue.length === 0 && (!foundAll || underWay.size === 0);
    },
    freshForMs: () => Math.max(0, refilledAt + freshMs - performance.now()),
    async refill() {
      // As it was before: what is done meanwhile may still be found.
      const taken = new Set(underWay);
      const limit = fetchedMax + taken.size;
      refilledAt = performance.now();
      const due = await deliveries.due({ endpoint, now: clock(), limit });
      queue = due.deliveries.filter(({ deliveryId }) => !taken.has(deliveryId));
      foundAll = due.deliveries.length < limit;
      return due.endpoint;
    },
    next() {
      const delivery = queue.shift();
      if (delivery !== undefined) underWay.add(delivery.deliveryId);
      return delivery;
    },
    done: ({ deliveryId }) => void underWay.delete(deliveryId),
  };
}
