import type { StreamOptions } from '@loyalty/platform/messaging/jetstream.ts';

/** What backends report. A message stays until the ledger has dealt with it. */
export const incomingStream: StreamOptions = {
  name: 'LOYALTY_IN',
  subjects: ['loyalty.earn.v1.*', 'loyalty.refund.v1.*'],
  retention: 'workqueue',
};

/** Where events go. The Programs service declares the same stream, so that either service can start first. */
export const eventsStream: StreamOptions = {
  name: 'LOYALTY_EVENTS',
  subjects: ['loyalty.events.v1.>'],
  retention: 'limits',
  maxAgeMs: 7 * 24 * 60 * 60_000,
};

/** The subject on which a program's transactions are reported. */
export function earnSubject(programId: string): string {
  return `loyalty.earn.v1.${programId}`;
}
