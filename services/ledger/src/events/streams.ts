import type { StreamOptions } from '@loyalty/platform/messaging/jetstream.ts';

/** What backends report. A message stays until the ledger has dealt with it. */
export const incomingStream: StreamOptions = {
  name: 'LOYALTY_IN',
  subjects: ['loyalty.earn.v1.*', 'loyalty.refund.v1.*'],
  retention: 'workqueue',
};

/** The subject on which a program's purchases are reported. */
export function earnSubject(programId: string): string {
  return `loyalty.earn.v1.${programId}`;
}
