import type { Caller } from '../auth/tokens.ts';
import type { Admission, CallerLimits } from './caller-limits.ts';
import { Overloaded } from './errors.ts';
import type { Peer } from './trusted-callers.ts';

export interface AdmissionsOptions {
  readonly callerLimits: CallerLimits;
  /** Of requests in memory, of all callers. */
  readonly bytesInFlightMax: number;
  /** Whether callers who come by way of a peer have been held to their limits already, by a gateway. */
  readonly isTrusted: (peer: Peer) => boolean;
}

/**
 * Lets calls in: each caller within their limits, and all of them within the memory of the process.
 *
 * @throws {RateLimited} from the function returned, when the caller has too much in flight, or calls too often
 * @throws {Overloaded} from `addBytes`, beside what the caller's own limits throw
 */
export function createAdmissions({
  callerLimits,
  bytesInFlightMax,
  isTrusted,
}: AdmissionsOptions): (caller: Caller, peer: Peer) => Admission {
  let bytesInFlight = 0;
  return (caller, peer) => {
    const ofCaller = isTrusted(peer) ? undefined : callerLimits.admit(caller);
    let bytesOfCall = 0;
    let released = false;
    return {
      addBytes(bytes) {
        if (released) return;
        if (bytesInFlight + bytes > bytesInFlightMax) {
          throw new Overloaded('The service has reached its limit of request bytes in memory');
        }
        ofCaller?.addBytes(bytes);
        bytesInFlight += bytes;
        bytesOfCall += bytes;
      },
      release() {
        if (released) return;
        released = true;
        ofCaller?.release();
        bytesInFlight -= bytesOfCall;
      },
    };
  };
}
