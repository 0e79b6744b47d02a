import type { Instant } from '@loyalty/rules/instant.ts';
import type { Violation } from '@loyalty/rules/language.ts';
import { ValidationFailed } from '@loyalty/rules/validation-failed.ts';
import { eventTypes } from './event-types.ts';
import { checkedUrl } from './webhook-url.ts';

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

/** The part of an etag that changes with what callers set: all of an etag without the version of the rest behind it. */
export function revisionEtag({ revision }: Pick<Webhook, 'revision'>): string {
  return String(revision);
}

/** Whether an etag is from after the newest change of what callers set. */
export function isCurrentEtag(webhook: Pick<Webhook, 'revision'>, etag: string): boolean {
  return etag.split('.', 1)[0] === revisionEtag(webhook);
}

export function wants({ eventTypes: types }: { eventTypes: readonly string[] }, type: string) {
  return types.length === 0 || types.includes(type);
}

/**
 * What a caller decided, checked and with the URL as it will be requested. The addresses of its host aren't checked, because
 * they can change at any time.
 *
 * @throws {ValidationFailed}
 */
export function validSettings(
  settings: WebhookSettings,
  urlRules: { allowsHttp: boolean },
): WebhookSettings {
  const { url, eventTypes: types } = settings;
  const checked = checkedUrl(url, urlRules);
  const violations: Violation[] =
    'problem' in checked ? [{ field: 'webhook.url', message: checked.problem }] : [];
  const unknown = types.filter((type) => !eventTypes.includes(type));
  if (unknown.length > 0) {
    const message = `${unknown.join(', ')} is no event type; docs/events.md lists them`;
    violations.push({ field: 'webhook.event_types', message });
  }
  if (violations.length > 0 || 'problem' in checked) throw new ValidationFailed(violations);
  return { ...settings, url: checked.url };
}
