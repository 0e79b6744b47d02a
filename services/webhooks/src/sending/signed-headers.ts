import { Webhook } from 'standardwebhooks';

/** The headers of Standard Webhooks: with a signature for each secret. */
export function signedHeaders({
  eventId,
  body,
  secrets,
  timeMs,
}: {
  eventId: string;
  body: string;
  secrets: readonly string[];
  timeMs: number;
}): Record<string, string> {
  const time = new Date(timeMs);
  const signatures = secrets.map((secret) => new Webhook(secret).sign(eventId, time, body));
  return {
    'webhook-id': eventId,
    'webhook-timestamp': String(Math.floor(timeMs / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}
