import type { ChannelCredentials } from '@loyalty/platform/rpc/client.ts';
import { readCertificates } from '@loyalty/platform/tls/certificates.ts';
import { grpcChannelCredentials } from '@loyalty/platform/tls/grpc-credentials.ts';
import { clientFiles, type PemFile } from '@loyalty/platform/tls/tls-config.ts';

const prefix = 'LOYALTY_';

/**
 * How the services are called: with TLS if the environment names their CA, and with a certificate if it names one.
 *
 * @throws {ConfigError} naming the setting that another one needs, or whose file can't be used
 */
export async function readChannelCredentials(
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChannelCredentials> {
  const fileOf = (name: string): PemFile | undefined => {
    const path = env[prefix + name];
    return path ? { setting: prefix + name, path } : undefined;
  };
  const files = clientFiles(
    {
      ca: fileOf('CA_FILE'),
      certificate: fileOf('CERTIFICATE_FILE'),
      key: fileOf('KEY_FILE'),
    },
    prefix,
  );
  if (files === undefined) return grpcChannelCredentials(undefined);
  const current = await readCertificates(files);
  return grpcChannelCredentials({ current, onChange: () => () => undefined });
}
