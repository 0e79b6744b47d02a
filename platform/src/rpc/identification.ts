import { bearerToken } from '../auth/bearer-token.ts';
import { Unauthenticated } from '../auth/errors.ts';
import type { Caller, TokenVerifier } from '../auth/tokens.ts';
import { createAddressLimit } from './address-limit.ts';
import { RateLimited } from './errors.ts';
import type { Peer } from './trusted-callers.ts';

/** What is known of a caller before the request is read. */
export interface Credentials {
  /** The values of the header `authorization`. */
  readonly authorization: readonly string[];
  /** The other end of the connection. */
  peer(): Peer;
}

export interface IdentificationOptions {
  readonly verifier: TokenVerifier;
  /** Callers of one address who are being identified. */
  readonly perAddressMax: number;
  /** Whether callers who come by way of a peer have been identified already, by a gateway. */
  readonly isTrusted: (peer: Peer) => boolean;
}

const retryAfterMs = 1000;

/**
 * How long a caller who was refused still counts for the address. Without it, the limit at once would allow thousands a
 * second, and refusing a token costs as much as serving a call.
 */
const refusedMs = 500;

/**
 * Finds out who calls: at once where their token is known, otherwise so many of each address at a time.
 *
 * @throws {Unauthenticated} from the function returned
 * @throws {RateLimited} from the function returned, when the address has too many unknown callers
 */
export function createIdentification({
  verifier,
  perAddressMax,
  isTrusted,
}: IdentificationOptions): (credentials: Credentials) => Caller | Promise<Caller> {
  const enter = createAddressLimit(perAddressMax);

  async function identifyStranger(token: string | Unauthenticated, peer: Peer): Promise<Caller> {
    const leave = isTrusted(peer) ? () => undefined : enter(peer.address ?? '');
    if (leave === undefined) throw tooMany(perAddressMax);
    try {
      if (typeof token !== 'string') throw token;
      const caller = await verifier.verify(token);
      leave();
      return caller;
    } catch (error) {
      if (error instanceof Unauthenticated) setTimeout(leave, refusedMs).unref();
      else leave();
      throw error;
    }
  }

  return (credentials) => {
    const token = bearerToken(credentials.authorization);
    const known = typeof token === 'string' ? verifier.remembered(token) : undefined;
    return known ?? identifyStranger(token, credentials.peer());
  };
}

function tooMany(quota: number): RateLimited {
  return new RateLimited(
    `This address already has ${quota} callers without a known token, the maximum at once; wait until one of them is verified`,
    {
      policy: { unit: 'concurrent-requests', quota, windowSeconds: undefined },
      retryAfterMs,
    },
  );
}
