import { catalogEntryOf, isRetryable } from '@loyalty/platform/error-catalog.ts';
import {
  type FieldViolation,
  isReasoned,
  type Reasoned,
  sentenceOf,
} from '@loyalty/platform/errors.ts';
import type { ErrorAnswer } from '@loyalty/proto/loyalty/options/v1/errors_pb.ts';
import { HttpRefusal } from './http-refusal.ts';

/** The body of an error, RFC 9457. */
export interface Problem {
  /** Where the reason is explained; `about:blank` if the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request id. */
  readonly instance: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
}

/** An error as an HTTP response. */
export interface ProblemResponse {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

export const problemContentType = 'application/problem+json';

/** The path of the page that explains the reasons. */
export const errorsPath = '/docs/errors';

/** The section of that page about a reason, without the `#`. */
export function anchorOf(reason: string): string {
  return reason.toLowerCase();
}

/**
 * The response to an error: as the catalog says if it has a reason, INTERNAL otherwise.
 * @param clientPath turns a field's path in the RPC's request into the one that the HTTP client knows
 */
export function problemOf(
  error: unknown,
  requestId: string,
  clientPath: (field: string) => string = (field) => field,
): ProblemResponse {
  if (error instanceof HttpRefusal) return refusalOf(error, requestId);
  const entry = isReasoned(error) ? catalogEntryOf(error.reason) : undefined;
  if (!isReasoned(error) || entry === undefined) return internal(requestId);
  const { reason, metadata = {} } = error;
  const violations = error.violations?.map(({ field, message }) => ({
    field: clientPath(field),
    message,
  }));
  const problem: Problem = {
    type: `${errorsPath}#${anchorOf(reason)}`,
    title: titleOf(reason),
    status: entry.httpStatus,
    detail: detailOf(error, entry, violations),
    instance: requestId,
    reason,
    metadata,
    ...(violations === undefined ? {} : { violations }),
  };
  return { problem, headers: headersOf(problem.status, error) };
}

function internal(requestId: string): ProblemResponse {
  const entry = catalogEntryOf('INTERNAL');
  const problem: Problem = {
    type: `${errorsPath}#${anchorOf('INTERNAL')}`,
    title: titleOf('INTERNAL'),
    status: 500,
    detail: entry?.meaning ?? '',
    instance: requestId,
    reason: 'INTERNAL',
    metadata: {},
  };
  return { problem, headers: {} };
}

function refusalOf(refusal: HttpRefusal, requestId: string): ProblemResponse {
  const problem: Problem = {
    type: 'about:blank',
    title: refusal.title,
    status: refusal.status,
    detail: refusal.message,
    instance: requestId,
    reason: refusal.reason,
    metadata: {},
  };
  return { problem, headers: refusal.headers };
}

function detailOf(
  error: Reasoned,
  { httpStatus, meaning }: ErrorAnswer,
  violations: readonly FieldViolation[] | undefined,
): string {
  // What a failing service says of itself can name hosts and ports.
  if (httpStatus >= 500) return meaning;
  if (violations === undefined || violations.length === 0) return error.message;
  return violations.map(sentenceOf).join('; ');
}

function headersOf(status: number, error: Reasoned): Record<string, string> {
  const { reason, retryAfterMs, metadata = {} } = error;
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  if (!isRetryable(reason) && retryAfterMs === undefined) return {};
  const seconds = Math.max(1, Math.ceil((retryAfterMs ?? 1000) / 1000));
  return {
    'retry-after': String(seconds),
    ...(status === 429 ? rateLimitFields(metadata, seconds) : {}),
  };
}

/** The fields of draft-ietf-httpapi-ratelimit-headers for a quota that is used up, at the gateway or at a service. */
function rateLimitFields(
  { unit, quota, windowSeconds }: Readonly<Record<string, string>>,
  resetSeconds: number,
): Record<string, string> {
  if (unit === undefined || quota === undefined) return {};
  const quotaUnit = unit === 'request' ? '' : `;qu="${unit}"`;
  const window = windowSeconds === undefined ? '' : `;w=${windowSeconds}`;
  return {
    'ratelimit-policy': `"${unit}";q=${quota}${quotaUnit}${window}`,
    ratelimit: `"${unit}";r=0;t=${resetSeconds}`,
  };
}

/** `INSUFFICIENT_POINTS` is titled "Insufficient points". */
function titleOf(reason: string): string {
  const words = reason.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
