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

/** What announces dates of points before they come. */
export const noticeEventTypes = ['points.expiring', 'points.maturing'] as const;

/** What announces a published purchase or refund that couldn't be applied. */
export const submissionEventTypes = ['submission.waiting', 'submission.dead'] as const;

/** What announces that the platform disabled a webhook. */
export const disabledEventType = 'webhook.disabled';

/** Every type that a webhook can ask for. */
export const eventTypes: readonly string[] = [
  ...journalEventTypes,
  ...noticeEventTypes,
  ...submissionEventTypes,
  'program.changed',
  disabledEventType,
];

/** What TestWebhook sends; no filter holds it back. */
export const testEventType = 'webhook.test';
