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
 * Finds out who calls: at once where their token is known, otherwise at most {@link IdentificationOptions.perAddressMax} of an
 * address at a time. Calls that come with one new token together, as from a backend that has just got it, are one caller.
 *
 * @throws {Unauthenticated} from the function returned
 * @throws {RateLimited} from the function returned, when the address has too many unknown callers
 */
export function createIdentification({
  verifier,
  perAddressMax,
  isTrusted,
}: IdentificationOptions): (credentials: Credentials) => Caller | Promise<Caller> {
  const enterAddress = createAddressLimit(perAddressMax);
  const underWay = new Map<string, Promise<Caller>>();

  /** Counts a caller until the function returned is called. */
  function enter(peer: Peer): () => void {
    const leave = isTrusted(peer) ? () => undefined : enterAddress(peer.address ?? '');
    if (leave === undefined) throw tooMany(perAddressMax);
    return leave;
  }

  function refused(peer: Peer, error: unknown): never {
    if (error instanceof Unauthenticated) setTimeout(enter(peer), refusedMs).unref();
    throw error;
  }

  async function verify(token: string, peer: Peer): Promise<Caller> {
    const leave = enter(peer);
    try {
      return await verifier.verify(token);
    } finally {
      leave();
    }
  }

  async function identifyStranger(token: string | Unauthenticated, peer: Peer): Promise<Caller> {
    if (typeof token !== 'string') refused(peer, token);
    let verifying = underWay.get(token);
    if (verifying === undefined) {
      verifying = verify(token, peer).finally(() => underWay.delete(token));
      underWay.set(token, verifying);
    }
    return await verifying.catch((error: unknown) => refused(peer, error));
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
