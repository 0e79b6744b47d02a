import { createHash } from 'node:crypto';

/** The same for messages with the same subject and bytes, and for no others: a SHA-256 in base64url. */
export function contentDigest({ subject, data }: { subject: string; data: Uint8Array }): string {
  // A subject has no line breaks.
  return createHash('sha256').update(`${subject}\n`).update(data).digest('base64url');
}
