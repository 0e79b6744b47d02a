import type { Caller } from '../auth/tokens.ts';
import { RateLimited } from './errors.ts';

/** What one caller may have of a process. */
export interface CallerLimit {
  readonly callsInFlightMax: number;
  /** Undefined where only what is in flight is limited. */
  readonly rate: { readonly callsPerSecond: number; readonly burst: number } | undefined;
  /** Bytes of requests whose calls are in flight. */
  readonly bytesInFlightMax: number;
}

export interface CallerLimitsOptions {
  /** Of callers who act for themselves. */
  readonly member: CallerLimit;
  /** Of services and admins. */
  readonly backend: CallerLimit;
  /** Callers that are remembered; beyond it the one least recently seen is forgotten. */
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
   * @throws {RateLimited}
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
  /** In the order in which they were last seen. */
  const usages = new Map<string, Usage>();

  function usageOf(principal: string, limit: CallerLimit): Usage {
    const burst = limit.rate?.burst ?? 0;
    const usage = usages.get(principal) ?? {
      callsInFlight: 0,
      bytesInFlight: 0,
      allowance: burst,
      updatedMs: now(),
    };
    usages.delete(principal);
    usages.set(principal, usage);
    if (usages.size > callersMax) {
      const [leastRecent] = usages.keys();
      usages.delete(leastRecent as string);
    }
    return usage;
  }

  return {
    admit({ subject, roles }) {
      const isBackend = roles.has('admin') || roles.has('service');
      const limit = isBackend ? backend : member;
      // A member may have the same id as a service.
      const usage = usageOf(`${isBackend ? 'backend' : 'member'}:${subject}`, limit);
      if (usage.callsInFlight >= limit.callsInFlightMax) {
        throw tooMany('concurrent-requests', limit.callsInFlightMax);
      }
      if (limit.rate !== undefined) spend(usage, limit.rate, now());
      usage.callsInFlight += 1;
      let bytesOfCall = 0;
      let released = false;
      return {
        addBytes(bytes) {
          if (usage.bytesInFlight + bytes > limit.bytesInFlightMax) {
            throw tooMany('content-bytes', limit.bytesInFlightMax);
          }
          usage.bytesInFlight += bytes;
          bytesOfCall += bytes;
        },
        release() {
          if (released) return;
          released = true;
          usage.callsInFlight -= 1;
          usage.bytesInFlight -= bytesOfCall;
        },
      };
    },
  };
}

function spend(usage: Usage, rate: NonNullable<CallerLimit['rate']>, nowMs: number): void {
  const { callsPerSecond, burst } = rate;
  const earned = ((nowMs - usage.updatedMs) / 1000) * callsPerSecond;
  usage.allowance = Math.min(burst, usage.allowance + earned);
  usage.updatedMs = nowMs;
  if (usage.allowance < 1) {
    const retryAfterMs = Math.ceil(((1 - usage.allowance) / callsPerSecond) * 1000);
    throw new RateLimited(`The caller may send ${callsPerSecond} a second, and sent more`, {
      policy: { unit: 'request', quota: burst, windowSeconds: burst / callsPerSecond },
      retryAfterMs,
    });
  }
  usage.allowance -= 1;
}

/** What is in flight ends when it ends; a second is as good a guess as any. */
const inFlightRetryMs = 1000;

function tooMany(unit: 'concurrent-requests' | 'content-bytes', quota: number): RateLimited {
  const message =
    unit === 'content-bytes'
      ? `The caller's requests in flight may have ${quota} bytes together, and have more with this one`
      : `The caller already has ${quota} calls in flight, which is the maximum`;
  return new RateLimited(message, {
    policy: { unit, quota, windowSeconds: undefined },
    retryAfterMs: inFlightRetryMs,
  });
}
