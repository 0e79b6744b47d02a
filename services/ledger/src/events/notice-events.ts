import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { encoderOf } from '@loyalty/platform/binary-encoding.ts';
import { encodeOutboxBatch, type OutboxMessageInit } from '@loyalty/platform/outbox/batch.ts';
import { PointsNoticeSchema } from '@loyalty/proto/loyalty/events/v1/points_notice_pb.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import type { MemberNotice } from '../app/give-notices.ts';
import { passingOfTime } from '../domain/journal.ts';
import { ownHeaders, sharedHeaders } from '../messages/event-headers.ts';

const encodeNotice = encoderOf(PointsNoticeSchema);

/** The outbox row that announces notices that were decided together: a CloudEvent for each. */
export function encodeNotices(notices: readonly MemberNotice[], now: Instant): Uint8Array {
  return encodeOutboxBatch(notices.map((notice) => eventOf(notice, now)));
}

function eventOf({ notice, membership, program }: MemberNotice, now: Instant): OutboxMessageInit {
  const { programId, userId, attributes } = membership;
  const membershipId = String(membership.membershipId);
  const kind = notice.kind.toLowerCase();
  const type = `points.${kind}`;
  const eventId = `${membershipId}-${kind}-${notice.date}`;
  return {
    eventId,
    subject: `loyalty.events.v1.${programId}.${type}`,
    headers: {
      ...sharedHeaders,
      ...ownHeaders({ eventId, type, about: membershipId, time: now, author: passingOfTime }),
    },
    data: encodeNotice({
      programId,
      userId,
      membershipId,
      points: notice.points,
      date: notice.date,
      time: timestampFromMs(notice.time),
      timeZone: program.clock.timeZone,
      unit: program.unit,
      attributes,
    }),
  };
}
