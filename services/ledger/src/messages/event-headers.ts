import type { Author } from '@loyalty/rules/author.ts';
import type { Instant } from '@loyalty/rules/instant.ts';
import { headerText } from './header-text.ts';

/** The NATS headers that all events of the ledger have: a CloudEvent with protobuf data. */
export const sharedHeaders = {
  'ce-specversion': '1.0',
  'ce-source': '/ledger',
  'content-type': 'application/protobuf',
} as const;

/** The headers that differ from event to event. */
export function ownHeaders({
  eventId,
  type,
  about,
  time,
  author,
}: {
  eventId: string;
  /** The type without its prefix, such as `points.earned`. */
  type: string;
  /** The id of what it is about: a membership, or a dead letter. */
  about: string;
  time: Instant;
  author: Author;
}): Readonly<Record<string, string>> {
  return {
    'ce-id': eventId,
    'ce-type': `loyalty.${type}`,
    'ce-time': isoTime(time),
    'ce-subject': about,
    'ce-requestid': headerText(author.requestId),
    'ce-actor': headerText(author.actor),
  };
}

// Most entries of a commit have its time.
let latest = { ms: 0, text: new Date(0).toISOString() };

function isoTime(ms: number): string {
  if (latest.ms !== ms) latest = { ms, text: new Date(ms).toISOString() };
  return latest.text;
}
