import type { Caller } from '../auth/tokens.ts';
import type { Admission, CallerLimits } from './caller-limits.ts';
import { Overloaded } from './errors.ts';
import type { Peer } from './trusted-callers.ts';

export interface AdmissionsOptions {
  readonly callerLimits: CallerLimits;
  /** The most bytes that the requests of all callers take in memory. */
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
  const total = { bytesInFlight: 0, bytesInFlightMax };
  return (caller, peer) => {
    const ofCaller = isTrusted(peer) ? undefined : callerLimits.admit(caller);
    return new AdmissionOfCall(total, ofCaller);
  };
}

/** The bytes of all calls. */
interface Total {
  bytesInFlight: number;
  readonly bytesInFlightMax: number;
}

class AdmissionOfCall implements Admission {
  readonly #total: Total;
  readonly #ofCaller: Admission | undefined;
  #bytes = 0;
  #isReleased = false;

  constructor(total: Total, ofCaller: Admission | undefined) {
    this.#total = total;
    this.#ofCaller = ofCaller;
  }

  addBytes(bytes: number): void {
    if (this.#isReleased) return;
    const total = this.#total;
    if (total.bytesInFlight + bytes > total.bytesInFlightMax) {
      throw new Overloaded('The service has reached its limit of request bytes in memory');
    }
    this.#ofCaller?.addBytes(bytes);
    total.bytesInFlight += bytes;
    this.#bytes += bytes;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#ofCaller?.release();
    this.#total.bytesInFlight -= this.#bytes;
  }
}
