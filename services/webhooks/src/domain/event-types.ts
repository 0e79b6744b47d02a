/** What the journal announces, by the last part of an event's subject. */
export const journalEventTypes = [
  'membership.joined',
  'membership.updated',
  'membership.suspended',
  'membership.resumed',
  'membership.left',
  'points.earned',
  'points.matured',
  'points.expired',
  'points.refunded',
  'points.adjusted',
  'points.forfeited',
  'redemption.reserved',
  'redemption.captured',
  'redemption.released',
  'redemption.rejected',
  'redemption.returned',
] as const;

/** Every type that a webhook can ask for. */
export const eventTypes: readonly string[] = [...journalEventTypes, 'program.changed'];

/** What TestWebhook sends; no filter holds it back. */
export const testEventType = 'webhook.test';
