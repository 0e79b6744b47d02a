import type { Caller } from '@loyalty/platform/auth/tokens.ts';
import type { Admission, CallerLimits } from '@loyalty/platform/rpc/caller-limits.ts';
import { Overloaded, RequestTooLarge } from '@loyalty/platform/rpc/errors.ts';
import { HttpRefusal } from './http-refusal.ts';
import type { GatewayLimits } from './limits.ts';

/** A request that is in flight. */
export interface Arrival {
  /**
   * Counts the request for its caller.
   *
   * @param bytes of the body, as announced
   * @throws {RateLimited} when the caller has too much in flight, or calls too often
   * @throws {HttpRefusal} with 413 when the body alone has more than the caller may have
   * @throws {Overloaded} when all callers together have too much in flight
   */
  identify(caller: Caller, bytes: number): void;
  /** Ends the request, before or after it is identified; a second time has no effect. */
  leave(): void;
}

/** Keeps what is in flight within bounds: of a caller, and in total. */
export interface RequestLimits {
  /**
   * Counts a request until it leaves.
   *
   * @throws {Overloaded} when there are too many
   */
  arrive(): Arrival;
}

export function createRequestLimits(limits: GatewayLimits, callers: CallerLimits): RequestLimits {
  const { callsInFlightMax, bytesInFlightMax } = limits;
  let calls = 0;
  let bytes = 0;

  return {
    arrive() {
      if (calls >= callsInFlightMax) {
        throw new Overloaded('The gateway has reached its limit of requests in flight');
      }
      calls += 1;
      let bytesOfRequest = 0;
      let admitted: Admission | undefined;
      let hasLeft = false;
      return {
        identify(caller, announced) {
          // The client may have gone away while its token was verified.
          if (hasLeft) return;
          if (bytes + announced > bytesInFlightMax) {
            throw new Overloaded('The gateway has reached its limit of request bytes in memory');
          }
          admitted = callers.admit(caller);
          addBytes(admitted, announced);
          bytesOfRequest = announced;
          bytes += announced;
        },
        leave() {
          if (hasLeft) return;
          hasLeft = true;
          admitted?.release();
          calls -= 1;
          bytes -= bytesOfRequest;
        },
      };
    },
  };
}

function addBytes(admitted: Admission, bytes: number): void {
  try {
    admitted.addBytes(bytes);
  } catch (error) {
    if (!(error instanceof RequestTooLarge)) throw error;
    const limit = `the body must have at most ${error.bytesMax} bytes, the limit of this caller's requests in flight`;
    throw new HttpRefusal(413, `${limit}; one without Content-Length counts as ${bytes}`);
  }
}
