import type { StreamOptions } from '@loyalty/platform/messaging/jetstream.ts';

/** Where events go. The ledger declares the same stream, so that either service can start first. */
export const eventsStream: StreamOptions = {
  name: 'LOYALTY_EVENTS',
  subjects: ['loyalty.events.v1.>'],
  retention: 'limits',
  maxAgeMs: 7 * 24 * 60 * 60_000,
};
