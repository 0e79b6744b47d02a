import type { StreamOptions } from './jetstream.ts';

/** Where services announce what happened. Each of them declares it, so that any can start first. */
export const eventsStream: StreamOptions = {
  name: 'LOYALTY_EVENTS',
  subjects: ['loyalty.events.v1.>'],
  retention: 'limits',
  maxAgeMs: 7 * 24 * 60 * 60_000,
};
