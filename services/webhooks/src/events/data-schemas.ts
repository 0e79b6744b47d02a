import type { DescMessage } from '@bufbuild/protobuf';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { PointsNoticeSchema } from '@loyalty/proto/loyalty/events/v1/points_notice_pb.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import { SubmissionFailedSchema } from '@loyalty/proto/loyalty/events/v1/submission_failed_pb.ts';
import { WebhookDisabledSchema } from '@loyalty/proto/loyalty/events/v1/webhook_disabled_pb.ts';
import {
  disabledEventType,
  journalEventTypes,
  noticeEventTypes,
  submissionEventTypes,
} from '../domain/event-types.ts';

/** What the data of an event is, by its type. Events of other types aren't delivered. */
export const dataSchemas: ReadonlyMap<string, DescMessage> = new Map([
  ...withData(journalEventTypes, EntryRecordedSchema),
  ...withData(noticeEventTypes, PointsNoticeSchema),
  ...withData(submissionEventTypes, SubmissionFailedSchema),
  ...withData(['program.changed'], ProgramChangedSchema),
  ...withData([disabledEventType], WebhookDisabledSchema),
]);

function withData(types: readonly string[], data: DescMessage): [string, DescMessage][] {
  return types.map((type) => [type, data]);
}
