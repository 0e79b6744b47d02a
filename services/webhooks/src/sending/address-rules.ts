import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Addresses of clouds that look public and belong to the machine's own network. */
const cloudAddresses: ReadonlySet<string> = new Set([
  // Azure's WireServer.
  '168.63.129.16',
]);

/** What is in use as public IPv6; the rest is reserved, embeds IPv4 addresses or isn't routed. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Why no request may be sent to an address: it isn't one of the public internet. Undefined for one that is. The text names the
 * address, so an admin may see it only if the address stands in the URL.
 *
 * Only what is known to be public passes. IPv6 addresses that embed an IPv4 address (mapped, NAT64, 6to4, Teredo) are refused
 * whichever they embed: no endpoint needs them.
 */
export function addressProblem(address: string): string | undefined {
  if (isIP(address) === 0) return `${address} is no address`;
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== 'unicast') return `${address} is not a public address (${range})`;
  if (parsed.kind() === 'ipv6' && !parsed.match(globalUnicast)) {
    return `${address} is not a public address (reserved)`;
  }
  return cloudAddresses.has(parsed.toString())
    ? `${address} is not a public address (metadata)`
    : undefined;
}

/**
 * The address that a URL's host is; undefined for a name. The URL parser has turned every way to write an IPv4 address, such
 * as 0x7f.1 and 2130706433, into the usual one.
 */
export function addressInUrl(url: string): string | undefined {
  const host = URL.parse(url)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  return isIP(host) === 0 ? undefined : host;
}
