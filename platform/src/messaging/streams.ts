// The streams of the platform. `loyalty nats setup` makes them; services only check that they are there.
import type { StreamOptions } from './jetstream.ts';

/** What backends report; belongs to the ledger. A message stays until the ledger has dealt with it. */
export const incomingStream: StreamOptions = {
  name: 'LOYALTY_IN',
  subjects: ['loyalty.earn.v1.*', 'loyalty.refund.v1.*'],
  retention: 'workqueue',
};

/** Where services announce what happened; belongs to programs. */
export const eventsStream: StreamOptions = {
  name: 'LOYALTY_EVENTS',
  subjects: ['loyalty.events.v1.>'],
  retention: 'limits',
  maxAgeMs: 7 * 24 * 60 * 60_000,
};

export const platformStreams: readonly StreamOptions[] = [incomingStream, eventsStream];
