import { create, toBinary } from '@bufbuild/protobuf';
import { encodeOutboxBatch } from '@loyalty/platform/outbox/batch.ts';
import { ProgramChangedSchema } from '@loyalty/proto/loyalty/events/v1/program_changed_pb.ts';
import type { ChangeRecord } from '../domain/change.ts';

/** The outbox row that announces a change: one CloudEvent, whose id repeats only when the event does. */
export function announceProgramChanged(record: ChangeRecord): Uint8Array {
  const { programId, revision } = record;
  const eventId = `${programId}-${revision}`;
  return encodeOutboxBatch([
    {
      eventId,
      subject: `loyalty.events.v1.${programId}.program.changed`,
      headers: {
        'ce-specversion': '1.0',
        'ce-id': eventId,
        'ce-source': '/programs',
        'ce-type': 'loyalty.program.changed',
        'ce-time': new Date(record.time).toISOString(),
        'ce-subject': programId,
        'ce-requestid': record.requestId,
        'ce-actor': headerText(record.actor),
        'content-type': 'application/protobuf',
      },
      data: toBinary(ProgramChangedSchema, create(ProgramChangedSchema, { programId, revision })),
    },
  ]);
}

// A token's subject may hold any text; header values are printable ASCII, the rest percent-encoded as in CloudEvents.
function headerText(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21-\x7e]|["%]/gu, encodeURIComponent);
}
