import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The names in the certificate that the other end of a connection has shown; none if it needed none. */
export function peerNamesOf(socket: Socket): string[] {
  return socket instanceof TLSSocket && socket.authorized
    ? namesIn(socket.getPeerCertificate().subjectaltname)
    : [];
}

/**
 * The DNS names and URIs of a certificate, as Node writes them: `DNS:gateway, URI:spiffe://cluster/gateway`. The common
 * name isn't one: it is deprecated, and CAs don't check it as they check these.
 */
export function namesIn(subjectAltName: string | undefined): string[] {
  // Node quotes a name that could be read as two. Nobody needs such a name.
  if (subjectAltName === undefined || subjectAltName.includes('"')) return [];
  return subjectAltName.split(', ').flatMap((entry) => {
    const [, name] = /^(?:DNS|URI):(.+)$/.exec(entry) ?? [];
    return name ?? [];
  });
}
