import { BlockList, isIP } from 'node:net';

/**
 * IP addresses, networks such as `10.0.0.0/8`, and names in the certificates of callers: DNS names such as
 * `gateway.loyalty.svc` or URIs such as `spiffe://cluster/gateway`.
 */
export type TrustedCallers = readonly string[];

/** A caller, as its connection shows it. */
export interface Peer {
  /** An IP address without the port. */
  readonly address: string | undefined;
  /** The names in its verified certificate. A function, because reading them takes time. */
  readonly names: () => readonly string[];
}

/** What is wrong with an entry of the list, with the fix; undefined if it can be used. */
export function trustedCallerProblem(text: string): string | undefined {
  if (isName(text)) return undefined;
  const [address = '', prefix, ...rest] = text.split('/');
  const [withoutZone = '', zone] = address.split('%');
  const version = isIP(withoutZone);
  const length = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0) {
    return `has ${text}, which isn't valid; write an IP address, a network such as 10.0.0.0/8, or a name in a certificate`;
  }
  if (zone !== undefined) {
    return `has the zone id %${zone}, which is valid on one host only; write ${[withoutZone, ...(prefix === undefined ? [] : [prefix])].join('/')}`;
  }
  if (prefix === undefined) return undefined;
  const prefixMin = prefixMinOf(address);
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > length) {
    return `has ${text}; write a prefix from ${prefixMin} to ${length} after the slash`;
  }
  if (Number(prefix) < prefixMin) {
    return `has ${text}, which strangers are in, too; write the network that only gateways can call from, with a prefix of at least ${prefixMin}`;
  }
  const network = networkOf(address, Number(prefix));
  return network === undefined
    ? undefined
    : `has ${text}, which has bits set beyond its prefix; write ${network}/${prefix} for the network, or ${address} for the single address`;
}

/** Whether the text can only be the name in a certificate. */
export function isName(text: string): boolean {
  return uriPattern.test(text) || (dnsPattern.test(text) && !/(?:^|\.)\d+$/.test(text));
}

const uriPattern = /^[a-z][a-z\d+.-]*:\/\/[!-~]{1,2000}$/i;
const label = '[a-z\\d_](?:[a-z\\d_-]{0,61}[a-z\\d_])?';
const dnsPattern = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`, 'i');

/** The network that the address is in, if it isn't the network's own address. */
function networkOf(address: string, prefix: number): string | undefined {
  const isVersion4 = isIP(address) === 4;
  const groups = isVersion4 ? address.split('.').map(Number) : groupsOf(address);
  const bitsOfGroup = isVersion4 ? 8 : 16;
  const masked = groups.map((group, index) => {
    const bits = Math.min(Math.max(prefix - index * bitsOfGroup, 0), bitsOfGroup);
    return group & (0xffff << (bitsOfGroup - bits));
  });
  if (masked.every((group, index) => group === groups[index])) return undefined;
  return isVersion4
    ? masked.join('.')
    : compressed(masked.map((group) => group.toString(16)).join(':'));
}

/** The shortest prefix of a network there that can be meant: a shorter one would switch off the limits for strangers. */
function prefixMinOf(address: string): number {
  if (isIP(address) === 4) return 8;
  const [first = 0] = groupsOf(address);
  // All of IPv4 is in ::ffff:0:0/96, and callers appear there where a process listens to both.
  if (first === 0) return 96 + 8;
  // From here on addresses are private or of one link.
  return first >= 0xfc00 ? 7 : 16;
}

function groupsOf(address: string): number[] {
  const [head = [], tail] = compressed(address)
    .split('::')
    .map((part) =>
      part.split(':').flatMap((group) => (group === '' ? [] : [Number(`0x${group}`)])),
    );
  if (tail === undefined) return head;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** An IPv6 address in its shortest form, without a dotted part. */
function compressed(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

const knownAddressesMax = 10_000;

/** Says of a caller whether they are in the list. */
export function createTrust(callers: TrustedCallers): (peer: Peer) => boolean {
  const names = new Set(callers.filter(isName));
  const networks = callers.filter((caller) => !isName(caller));
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  const isListed = (peerAddress: string) => {
    // A peer on the same link comes with the zone of the interface.
    const [address = ''] = peerAddress.split('%', 1);
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
  // Looking through the networks takes microseconds, and most calls come from a few addresses.
  const known = new Map<string, boolean>();
  const isAddressTrusted = (address: string) => {
    let trusted = known.get(address);
    if (trusted === undefined) {
      trusted = isListed(address);
      if (known.size >= knownAddressesMax) known.clear();
      known.set(address, trusted);
    }
    return trusted;
  };
  return ({ address, names: namesOf }) => {
    if (networks.length > 0 && address !== undefined && isAddressTrusted(address)) return true;
    return names.size > 0 && namesOf().some((name) => names.has(name));
  };
}
