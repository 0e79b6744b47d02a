// The events of the platform, for docs/events.md.

export interface EventType {
  /** The end of the subject and of the CloudEvents type. */
  readonly type: string;
  /** The message in package loyalty.events.v1 that its data is. */
  readonly data:
    | 'EntryRecorded'
    | 'PointsNotice'
    | 'SubmissionFailed'
    | 'ProgramChanged'
    | 'WebhookDisabled';
  readonly when: string;
}

const entry = (type: string, when: string): EventType => ({ type, data: 'EntryRecorded', when });

export const eventTypes: readonly EventType[] = [
  entry('membership.joined', 'A user joined the program, or came back.'),
  entry('membership.updated', "A member's attributes changed."),
  entry('membership.suspended', 'The membership was suspended.'),
  entry('membership.resumed', 'The membership was resumed.'),
  entry('membership.left', 'The user left the program.'),
  entry('points.earned', 'A purchase was credited; its points may be 0.'),
  entry('points.matured', 'Pending points became available.'),
  entry('points.expired', 'Points expired.'),
  entry(
    'points.refunded',
    'A refund took points back. One that was rejected when its purchase came has a reason, and took none.',
  ),
  entry('points.adjusted', 'An operator corrected the balance.'),
  entry('points.forfeited', 'The points of a user who left were lost.'),
  entry('redemption.reserved', 'Points were reserved for a redemption.'),
  entry('redemption.captured', 'Points were spent on a redemption, at once or from a hold.'),
  entry('redemption.released', 'A hold was cancelled, ended, or captured only in part.'),
  entry('redemption.rejected', 'A redemption was refused; no points moved.'),
  entry('redemption.returned', 'Points came back from a reversed redemption.'),
  {
    type: 'points.expiring',
    data: 'PointsNotice',
    when: "Points will expire, so many days from now as the program's `notices.expiringDays` says.",
  },
  {
    type: 'points.maturing',
    data: 'PointsNotice',
    when: "Pending points will become available, so many days from now as the program's `notices.maturingDays` says.",
  },
  {
    type: 'submission.waiting',
    data: 'SubmissionFailed',
    when: 'A purchase or refund that was published on the stream, or submitted by a call, could not be applied now. It is tried again, at least every five minutes, and each attempt that fails has its event.',
  },
  {
    type: 'submission.dead',
    data: 'SubmissionFailed',
    when: 'It will not be applied unless an operator replays it.',
  },
  {
    type: 'program.changed',
    data: 'ProgramChanged',
    when: 'A program, one of its rule sets or one of its rewards changed.',
  },
  {
    type: 'webhook.disabled',
    data: 'WebhookDisabled',
    when: 'The platform disabled a webhook: its endpoint responded with 410, or nothing was delivered for five days.',
  },
];
