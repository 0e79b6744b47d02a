import type { Caller } from '@loyalty/platform/auth/tokens.ts';
import type { CallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import { Overloaded, RateLimited } from '@loyalty/platform/rpc/errors.ts';
import type { GatewayLimits } from './limits.ts';

/** A request that was let in. */
export interface Arrival {
  /**
   * Counts the request for its caller from here on, and no more for its address.
   *
   * @param bytes of the body, as announced
   * @throws {RateLimited} when the caller has too many
   * @throws {Overloaded} when all callers together have too many
   */
  identify(caller: Caller, bytes: number): void;
  /** Ends the request; a second time has no effect. */
  leave(): void;
}

export interface Admission {
  /**
   * Lets a request in before anybody knows who sent it, until it leaves.
   *
   * @throws {RateLimited} when its address has too many of these
   * @throws {Overloaded} when there are too many in all
   */
  arrive(address: string): Arrival;
}

const retryAfterMs = 1000;

/** Keeps what is in flight within bounds: of an address until the token is verified, of a caller afterwards, and in total. */
export function createAdmission(limits: GatewayLimits, callers: CallerLimits): Admission {
  const { unknownCallsInFlightMax, callsInFlightMax, bytesInFlightMax } = limits;
  /** Requests in flight whose token isn't verified, or wasn't accepted, by address. */
  const unknown = new Map<string, number>();
  let calls = 0;
  let bytes = 0;

  function enter(address: string): () => void {
    const before = unknown.get(address) ?? 0;
    if (before >= unknownCallsInFlightMax) {
      throw new RateLimited('The address has too many requests in flight without a good token', {
        policy: {
          unit: 'concurrent-requests',
          quota: unknownCallsInFlightMax,
          windowSeconds: undefined,
        },
        retryAfterMs,
      });
    }
    unknown.set(address, before + 1);
    return once(() => {
      const left = (unknown.get(address) ?? 1) - 1;
      if (left === 0) unknown.delete(address);
      else unknown.set(address, left);
    });
  }

  return {
    arrive(address) {
      if (calls >= callsInFlightMax) {
        throw new Overloaded('The gateway has more requests in flight than it can take');
      }
      const leaveAddress = enter(address);
      calls += 1;
      let bytesOfRequest = 0;
      let admitted: ReturnType<CallerLimits['admit']> | undefined;
      return {
        identify(caller, announced) {
          if (bytes + announced > bytesInFlightMax) {
            throw new Overloaded('The gateway has more bodies in memory than it can take');
          }
          admitted = callers.admit(caller);
          admitted.addBytes(announced);
          bytesOfRequest = announced;
          bytes += announced;
          leaveAddress();
        },
        leave: once(() => {
          leaveAddress();
          admitted?.release();
          calls -= 1;
          bytes -= bytesOfRequest;
        }),
      };
    },
  };
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
