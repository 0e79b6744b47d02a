import { isMemberOnly } from '../auth/access.ts';
import type { Caller } from '../auth/tokens.ts';
import { RateLimited, RequestTooLarge } from './errors.ts';

/** What one caller may have of a process. */
export interface CallerLimit {
  readonly callsInFlightMax: number;
  /** Undefined where only what is in flight is limited. */
  readonly rate: { readonly callsPerSecond: number; readonly burst: number } | undefined;
  /** Bytes of requests whose calls are in flight. */
  readonly bytesInFlightMax: number;
}

export interface CallerLimitsOptions {
  /** The limit of callers who act for themselves. */
  readonly member: CallerLimit;
  /** The limit of services and admins. */
  readonly backend: CallerLimit;
  /** Callers that are remembered; beyond it the one least recently seen who has no calls in flight is forgotten. */
  readonly callersMax: number;
}

export const defaultCallerLimits: CallerLimitsOptions = {
  member: {
    callsInFlightMax: 16,
    rate: { callsPerSecond: 20, burst: 40 },
    bytesInFlightMax: 2 * 1024 * 1024,
  },
  backend: { callsInFlightMax: 1000, rate: undefined, bytesInFlightMax: 64 * 1024 * 1024 },
  callersMax: 100_000,
};

/** A call that was let in. */
export interface Admission {
  /**
   * Counts bytes of the request, once their number is known.
   *
   * @throws {RateLimited} when the caller has too many bytes in flight
   * @throws {RequestTooLarge} when the request alone has more than the caller may have
   */
  addBytes(bytes: number): void;
  /** Ends the call; a second time has no effect. */
  release(): void;
}

export interface CallerLimits {
  /**
   * Lets a call in, until its `release`.
   *
   * @throws {RateLimited} when the caller has as many calls as they may have
   */
  admit(caller: Pick<Caller, 'subject' | 'roles'>): Admission;
}

interface Usage {
  callsInFlight: number;
  bytesInFlight: number;
  /** Calls that may start at once at `updatedMs`; fractions are calls on their way. */
  allowance: number;
  updatedMs: number;
}

/**
 * Keeps each caller within their limit, so that one can't take what all share. It counts in this process only: n replicas
 * allow n times as much, and no call waits for a shared store.
 *
 * @param now milliseconds of a clock that never steps back
 */
export function createCallerLimits(
  { member, backend, callersMax }: CallerLimitsOptions,
  now: () => number = () => performance.now(),
): CallerLimits {
  const inFlight = new Map<string, Usage>();
  /** What callers without calls in flight have used, in the order in which they were last seen. */
  const idle = new Map<string, Usage>();

  function usageOf(principal: string, limit: CallerLimit): Usage {
    return (
      inFlight.get(principal) ??
      idle.get(principal) ?? {
        callsInFlight: 0,
        bytesInFlight: 0,
        allowance: limit.rate?.burst ?? 0,
        updatedMs: now(),
      }
    );
  }

  /** To forget a caller who has calls in flight would be to allow them as many again. */
  function remember(principal: string, usage: Usage): void {
    idle.delete(principal);
    if (usage.callsInFlight > 0) {
      inFlight.set(principal, usage);
      return;
    }
    inFlight.delete(principal);
    idle.set(principal, usage);
    if (inFlight.size + idle.size <= callersMax) return;
    const [leastRecent] = idle.keys();
    idle.delete(leastRecent as string);
  }

  return {
    admit({ subject, roles }) {
      const isBackend = !isMemberOnly(roles);
      const limit = isBackend ? backend : member;
      // A member may have the same id as a service.
      const principal = `${isBackend ? 'backend' : 'member'}:${subject}`;
      const usage = usageOf(principal, limit);
      if (usage.callsInFlight >= limit.callsInFlightMax) {
        throw tooMany('concurrent-requests', limit.callsInFlightMax);
      }
      if (limit.rate !== undefined && !spend(usage, limit.rate, now())) {
        remember(principal, usage);
        throw tooOften(usage, limit.rate);
      }
      usage.callsInFlight += 1;
      if (usage.callsInFlight === 1) remember(principal, usage);
      return new AdmissionOfCaller(usage, limit.bytesInFlightMax, () => remember(principal, usage));
    },
  };
}

class AdmissionOfCaller implements Admission {
  readonly #usage: Usage;
  readonly #bytesMax: number;
  readonly #whenIdle: () => void;
  #bytes = 0;
  #isReleased = false;

  constructor(usage: Usage, bytesMax: number, whenIdle: () => void) {
    this.#usage = usage;
    this.#bytesMax = bytesMax;
    this.#whenIdle = whenIdle;
  }

  addBytes(bytes: number): void {
    if (this.#isReleased) return;
    if (this.#bytes + bytes > this.#bytesMax) throw new RequestTooLarge(this.#bytesMax);
    if (this.#usage.bytesInFlight + bytes > this.#bytesMax) {
      throw tooMany('content-bytes', this.#bytesMax);
    }
    this.#usage.bytesInFlight += bytes;
    this.#bytes += bytes;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#usage.callsInFlight -= 1;
    this.#usage.bytesInFlight -= this.#bytes;
    if (this.#usage.callsInFlight === 0) this.#whenIdle();
  }
}

type Rate = NonNullable<CallerLimit['rate']>;

/** Starts a call if the rate allows it. */
function spend(usage: Usage, { callsPerSecond, burst }: Rate, nowMs: number): boolean {
  const earned = ((nowMs - usage.updatedMs) / 1000) * callsPerSecond;
  usage.allowance = Math.min(burst, usage.allowance + earned);
  usage.updatedMs = nowMs;
  if (usage.allowance < 1) return false;
  usage.allowance -= 1;
  return true;
}

function tooOften({ allowance }: Usage, { callsPerSecond, burst }: Rate): RateLimited {
  const retryAfterMs = Math.ceil(((1 - allowance) / callsPerSecond) * 1000);
  return new RateLimited(
    `The caller has exceeded the limit of ${callsPerSecond} calls per second; retry after the delay given`,
    {
      policy: { unit: 'request', quota: burst, windowSeconds: burst / callsPerSecond },
      retryAfterMs,
    },
  );
}

/** What is in flight ends when it ends; a second is as good a guess as any. */
const inFlightRetryMs = 1000;

export function tooMany(unit: 'concurrent-requests' | 'content-bytes', quota: number): RateLimited {
  const message =
    unit === 'content-bytes'
      ? `The caller's requests in flight would exceed ${quota} bytes with this one; wait until others end`
      : `The caller already has ${quota} calls in flight, the maximum; wait until one ends`;
  return new RateLimited(message, {
    policy: { unit, quota, windowSeconds: undefined },
    retryAfterMs: inFlightRetryMs,
  });
}
