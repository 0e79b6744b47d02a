import type { DeliveryStore, Lease, LeasedEndpoint } from '../app/delivery-store.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { Instant } from '../domain/instant.ts';

/** Deliveries that are fetched together; bounds how much memory their bodies take. */
const fetchedMax = 20;
/** How long what was fetched is sent, at most, before looking for what is more urgent. */
const freshMs = 1_000;

/** What is due to one endpoint, the most urgent first. */
export interface DueQueue {
  hasToLook(): boolean;
  /** Looks for what is due, except for what is under way. Returns the endpoint as it is now. */
  look(): Promise<LeasedEndpoint | undefined>;
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
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    hasToLook() {
      if (performance.now() - lookedAt > freshMs) return true;
      // Once all was found, not each request that ends looks for what was added just now: the last one does.
      return queue.length === 0 && (!foundAll || underWay.size === 0);
    },
    async look() {
      // As it was before: what is done meanwhile may still be found.
      const taken = new Set(underWay);
      const limit = fetchedMax + taken.size;
      lookedAt = performance.now();
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
