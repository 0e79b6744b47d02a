// The events of the platform, for docs/events.md: those that webhooks deliver, and when each happens.
import { dataSchemas } from '../services/webhooks/src/events/data-schemas.ts';

export interface EventType {
  /** The end of the subject and of the CloudEvents type. */
  readonly type: string;
  /** The message in package loyalty.events.v1 that its data is. */
  readonly data: string;
  readonly when: string;
}

const whenByType: Readonly<Record<string, string>> = {
  'membership.joined': 'A user joined the program, or came back.',
  'membership.updated': "A member's attributes changed.",
  'membership.suspended': 'The membership was suspended.',
  'membership.resumed': 'The membership was resumed.',
  'membership.left': 'The user left the program.',
  'points.earned': 'A purchase was credited; its points may be 0.',
  'points.matured': 'Pending points became available.',
  'points.expired': 'Points expired.',
  'points.refunded':
    'A refund took points back. A refund that was rejected when its purchase arrived has a reason and took none.',
  'points.adjusted': 'An operator corrected the balance.',
  'points.forfeited': 'The points of a user who left were lost.',
  'redemption.reserved': 'Points were reserved for a redemption.',
  'redemption.captured': 'Points were spent on a redemption, at once or from a hold.',
  'redemption.released': 'A hold was cancelled, ended, or captured only in part.',
  'redemption.rejected': 'A redemption was refused; no points moved.',
  'redemption.returned': 'Points came back from a reversed redemption.',
  'points.expiring':
    "Points will expire in as many days as the program's `notices.expiringDays` says.",
  'points.maturing':
    "Pending points will become available in as many days as the program's `notices.maturingDays` says.",
  'submission.waiting':
    'A purchase or refund that was published on the stream, or submitted by a call, could not be applied now. It is tried again at least every five minutes, and each failed attempt has an event of its own.',
  'submission.dead':
    'A published or submitted purchase or refund will not be applied unless an operator replays it.',
  'program.changed': 'A program, one of its rule sets or one of its rewards changed.',
  'webhook.disabled':
    'The platform disabled a webhook: its endpoint responded with 410, or nothing was delivered for five days.',
};

const unknown = Object.keys(whenByType).filter((type) => !dataSchemas.has(type));
if (unknown.length > 0) throw new Error(`webhooks don't deliver ${unknown.join(', ')}`);

/** In the order of the page. */
export const eventTypes: readonly EventType[] = [...dataSchemas].map(([type, { name }]) => {
  const when = whenByType[type];
  if (when === undefined)
    throw new Error(`scripts/event-types.ts doesn't say when ${type} happens`);
  return { type, data: name, when };
});
