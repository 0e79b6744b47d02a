import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Logger } from '../logging.ts';
import { type CertificateSource, watchCertificates } from './certificates.ts';
import { grpcChannelCredentials } from './grpc-credentials.ts';
import type { TlsConfig } from './tls-config.ts';

/** The TLS of a process. */
export interface Tls {
  /** The certificates of the ports where callers come; undefined without TLS. */
  readonly server: CertificateSource | undefined;
  /** The certificates for calls to other processes of the platform. */
  readonly channelCredentials: ChannelCredentials;
  close(): void;
}

/**
 * Reads the certificates, and watches their files until it is closed.
 *
 * @throws {ConfigError} naming the setting of a file that can't be used
 */
export async function openTls(
  config: TlsConfig,
  options: { logger: Logger; refreshMs?: number },
): Promise<Tls> {
  const server = config.server && (await watchCertificates(config.server, options));
  try {
    const upstream = config.upstream && (await watchCertificates(config.upstream, options));
    return {
      server,
      channelCredentials: grpcChannelCredentials(upstream),
      close() {
        server?.close();
        upstream?.close();
      },
    };
  } catch (error) {
    server?.close();
    throw error;
  }
}
