import {
  type ChannelCredentials,
  credentials,
  experimental,
  ServerCredentials,
} from '@grpc/grpc-js';
import type { CertificateSource, Certificates } from './certificates.ts';

/** What grpc-js makes the server with. It isn't part of its interface, which has no setting for the handshake. */
interface ServerConstruction {
  _getConstructorOptions?: () => object | null;
}

/**
 * Of a port that takes certificates as they are replaced, for connections that begin from then on. A handshake that takes
 * longer than `handshakeMsMax` ends its connection.
 */
export function grpcServerCredentials(
  source: CertificateSource | undefined,
  handshakeMsMax: number,
): ServerCredentials {
  if (source === undefined) return ServerCredentials.createInsecure();
  const provider = certificateProvider(source);
  const asksForCertificates = source.current.ca !== undefined;
  // The first is the server's own certificate, whatever the declaration calls it.
  const credentials = experimental.createCertificateProviderServerCredentials(
    provider,
    asksForCertificates ? provider : null,
    asksForCertificates,
  );
  const options = (credentials as unknown as ServerConstruction)._getConstructorOptions?.();
  if (!options) throw new Error('This release of grpc-js makes servers in a new way');
  Object.assign(options, { handshakeTimeout: handshakeMsMax });
  return credentials;
}

/** Lets a channel show and trust the newest certificates in every new connection. */
export function grpcChannelCredentials(source: CertificateSource | undefined): ChannelCredentials {
  if (source === undefined) return credentials.createInsecure();
  const provider = certificateProvider(source);
  return experimental.createCertificateProviderChannelCredentials(
    provider,
    source.current.identity === undefined ? null : provider,
  );
}

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

function certificateProvider(source: CertificateSource): experimental.CertificateProvider {
  const ends = new Map<CaListener | IdentityListener, () => void>();
  const add = (
    listener: CaListener | IdentityListener,
    notify: (certificates: Certificates) => void,
  ) => {
    ends.set(listener, source.onChange(notify));
    // Not at once: grpc-js only listens to itself when this has returned.
    process.nextTick(() => notify(source.current));
  };
  const remove = (listener: CaListener | IdentityListener) => {
    ends.get(listener)?.();
    ends.delete(listener);
  };
  return {
    addCaCertificateListener: (listener) =>
      add(listener, ({ ca }) => listener(ca === undefined ? null : { caCertificate: ca })),
    removeCaCertificateListener: remove,
    addIdentityCertificateListener: (listener) =>
      add(listener, ({ identity }) =>
        listener(
          identity === undefined
            ? null
            : { certificate: identity.certificate, privateKey: identity.key },
        ),
      ),
    removeIdentityCertificateListener: remove,
  };
}
