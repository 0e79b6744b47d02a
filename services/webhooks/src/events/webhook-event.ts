import { fromBinary } from '@bufbuild/protobuf';
import { writeMessage } from '@loyalty/platform/json/message-to-json.ts';
import type { WebhookEvent } from '../app/delivery-store.ts';
import { dataSchemas } from './data-schemas.ts';

/** An event as it is published on NATS, or read from the ledger's journal. */
export interface PublishedEvent {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: (name: string) => string | undefined;
}

/** Where the program is `_`, the event is about a submission that names none, so no webhook can want it. */
const subjectPattern = /^loyalty\.events\.v1\.(_|[a-z][a-z0-9-]*)\.([a-z_]+(?:\.[a-z_]+)*)$/;

/**
 * What is sent to webhooks: a CloudEvent in JSON. It follows from the event alone, so that one that is read from the journal
 * has the same bytes as the one that was published. Undefined for an event of a type that this release doesn't know.
 *
 * @throws {Error} for one that isn't as its type says
 */
export function webhookEvent(event: PublishedEvent): WebhookEvent | undefined {
  const [, programId = '', type = ''] = subjectPattern.exec(event.subject) ?? [];
  const schema = dataSchemas.get(type);
  if (schema === undefined) return undefined;
  const eventId = required(event, 'ce-id');
  const body = JSON.stringify({
    specversion: required(event, 'ce-specversion'),
    id: eventId,
    source: required(event, 'ce-source'),
    type: required(event, 'ce-type'),
    subject: required(event, 'ce-subject'),
    time: required(event, 'ce-time'),
    requestid: optional(event, 'ce-requestid'),
    actor: optional(event, 'ce-actor'),
    datacontenttype: 'application/json',
    data: writeMessage(schema, fromBinary(schema, event.data)),
  });
  return { programId, eventId, type, body };
}

function required({ header, subject }: PublishedEvent, name: string): string {
  const value = header(name);
  if (value === undefined) throw new Error(`an event on ${subject} has no header ${name}`);
  return decoded(value);
}

/** Undefined, and so left out, where it is empty: CloudEvents has no empty attributes. */
function optional({ header }: PublishedEvent, name: string): string | undefined {
  return decoded(header(name)) || undefined;
}

/** Header values are printable ASCII; the rest is percent-encoded, as CloudEvents has it. */
function decoded(value = ''): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
