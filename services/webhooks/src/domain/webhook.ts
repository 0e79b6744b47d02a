import type { Violation } from '@loyalty/rules/language.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { eventTypes } from './event-types.ts';
import type { Instant } from './instant.ts';

export type WebhookState = 'ENABLED' | 'DISABLED';
export type DisableReason = 'REQUESTED' | 'GONE' | 'FAILING';

/** What callers decide about a webhook. */
export interface WebhookSettings {
  readonly url: string;
  readonly description: string;
  /** All when empty. */
  readonly eventTypes: readonly string[];
  readonly state: WebhookState;
}

export interface Webhook extends WebhookSettings {
  readonly programId: string;
  readonly webhookId: string;
  /** Undefined while it is enabled. */
  readonly disableReason: DisableReason | undefined;
  readonly secrets: Secrets;
  /** Since when every delivery has failed. */
  readonly failingSince: Instant | undefined;
  readonly revision: number;
  readonly createTime: Instant;
  readonly updateTime: Instant;
}

/** What deliveries are signed with. */
export interface Secrets {
  readonly current: string;
  /** The one before, which signs too until a receiver has had time to change. */
  readonly previous: { readonly secret: string; readonly until: Instant } | undefined;
}

export const webhooksPerProgramMax = 100;

const hourMs = 60 * 60_000;

/** How long a replaced secret goes on signing. */
export const rotationMs = 24 * hourMs;

/** A webhook without a successful delivery for this long is disabled. */
export const failingMsMax = 5 * 24 * hourMs;

/** The random bytes of a secret; Standard Webhooks requires 24 to 64. */
export const secretBytes = 32;

/** The form in which receivers are given a secret. */
export function secretText(bytes: Uint8Array): string {
  return `whsec_${Buffer.from(bytes).toString('base64')}`;
}

/** All secrets that a delivery at that time is signed with, the current one first. */
export function signingSecrets({ current, previous }: Secrets, now: Instant): string[] {
  return previous !== undefined && now < previous.until ? [current, previous.secret] : [current];
}

export function rotated({ current }: Secrets, secret: string, now: Instant): Secrets {
  return { current: secret, previous: { secret: current, until: now + rotationMs } };
}

export function webhookEtag({ revision }: Pick<Webhook, 'revision'>): string {
  return String(revision);
}

export function wants({ eventTypes: types }: { eventTypes: readonly string[] }, type: string) {
  return types.length === 0 || types.includes(type);
}

/**
 * Checks what a caller decided, except for the addresses of the URL's host, which can change at any time.
 *
 * @throws {ValidationFailed}
 */
export function requireValidSettings(
  { url, eventTypes: types }: WebhookSettings,
  urlRules: { allowsHttp: boolean },
): void {
  const violations: Violation[] = urlProblems(url, urlRules).map((message) => ({
    field: 'webhook.url',
    message,
  }));
  const unknown = types.filter((type) => !eventTypes.includes(type));
  if (unknown.length > 0) {
    const message = `${unknown.join(', ')} is no event type; docs/events.md lists them`;
    violations.push({ field: 'webhook.event_types', message });
  }
  if (violations.length > 0) throw new ValidationFailed(violations);
}

function urlProblems(text: string, { allowsHttp }: { allowsHttp: boolean }): string[] {
  const url = URL.parse(text);
  const schemes = allowsHttp ? ['https:', 'http:'] : ['https:'];
  if (url === null || !schemes.includes(url.protocol)) {
    return [`must be an ${allowsHttp ? 'http or https' : 'https'} URL`];
  }
  if (url.username !== '' || url.password !== '') {
    return ['must not have a user or a password; verify the signature instead'];
  }
  return url.hash === '' ? [] : ['must not have a fragment, which no server gets'];
}
