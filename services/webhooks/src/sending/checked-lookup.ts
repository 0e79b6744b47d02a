import { lookup, Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { addressProblem } from './address-rules.ts';

/** Thrown where a host has an address that nothing may be sent to. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

/**
 * A lookup for connections that yields only checked addresses: what is checked is what is connected to, so that a name whose
 * addresses change between two lookups gains nothing. If one address isn't allowed, none is used.
 *
 * Only `onRefused` gets the refused address. The error is shown to admins of programs, who could otherwise look up the names of
 * this network.
 */
export function checkedLookup(
  resolve: Resolve,
  onRefused: (refused: { hostname: string; problem: string }) => void,
): LookupFunction {
  return lookupBy(async (hostname) => {
    const addresses = await resolve(hostname);
    const problem = addresses.map(({ address }) => addressProblem(address)).find(Boolean);
    if (problem !== undefined) {
      onRefused({ hostname, problem });
      throw new AddressRefused("the host has an address that isn't public");
    }
    return addresses;
  });
}

/** For local use: resolves names that only this machine knows, and allows every address. */
export const uncheckedLookup = lookupBy((hostname) => lookup(hostname, { all: true }));

function lookupBy(resolve: Resolve): LookupFunction {
  const resolveThen = callbackify(resolve);
  return (hostname, options, callback) => {
    resolveThen(hostname, (error, addresses) => {
      const first = addresses?.[0];
      if (error) callback(error, '');
      else if (first === undefined) callback(new Error(`${hostname} has no address`), '');
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

const timeoutMs = 3_000;

/**
 * Asks the name servers. Not `dns.lookup`, which the threads of the process do, four at a time: a few names whose servers
 * don't respond would hold up all others.
 */
export async function resolvePublicName(hostname: string): Promise<Address[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  const [v4, v6] = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
  return [
    ...(v4.status === 'fulfilled' ? v4.value : []).map((address) => ({ address, family: 4 })),
    ...(v6.status === 'fulfilled' ? v6.value : []).map((address) => ({ address, family: 6 })),
  ];
}
