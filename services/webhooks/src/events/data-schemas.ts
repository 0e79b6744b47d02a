import type { DescMessage } from '@bufbuild/protobuf';
import { EntryRecordedSchema } from '@loyalty/proto/loyalty/events/v1/entry_recorded_pb.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import { journalEventTypes } from '../domain/event-types.ts';

/** What the data of an event is, by its type. Events of other types aren't delivered. */
export const dataSchemas: ReadonlyMap<string, DescMessage> = new Map<string, DescMessage>([
  ...journalEventTypes.map((type): [string, DescMessage] => [type, EntryRecordedSchema]),
  ['program.changed', ProgramChangedSchema],
]);
