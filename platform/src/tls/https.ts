import type { Server } from 'node:tls';
import type { CertificateSource, Certificates } from './certificates.ts';

/** What Node's HTTPS server needs for the certificates in force. */
export interface SecureOptions {
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly ca: Buffer | undefined;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: true;
}

export function secureOptions({ current }: Pick<CertificateSource, 'current'>): SecureOptions {
  return {
    ...contextOf(current),
    requestCert: current.ca !== undefined,
    rejectUnauthorized: true,
  };
}

/** Makes the server take certificates as they are replaced, for connections that begin from then on. */
export function renewCertificates(server: Server, source: CertificateSource): void {
  server.once(
    'close',
    source.onChange((certificates) => server.setSecureContext(contextOf(certificates))),
  );
}

function contextOf({ identity, ca }: Certificates) {
  return { cert: identity?.certificate, key: identity?.key, ca };
}
