// Settings of TLS. Names are those of environment variables behind the process's prefix.
import type { z } from 'zod';
import { ConfigError, file } from '../config.ts';

/** A file in PEM format, with the setting that names it. */
export interface PemFile {
  readonly setting: string;
  readonly path: string;
}

/** A certificate, followed by those between it and its CA, and its private key without a passphrase. */
export interface IdentityFiles {
  readonly certificate: PemFile;
  readonly key: PemFile;
}

/** What one side of a connection shows, and which certificates of the other side it trusts. */
export interface CertificateFiles {
  readonly identity: IdentityFiles | undefined;
  readonly ca: PemFile | undefined;
}

export interface TlsConfig {
  /** The files for the ports where callers come; no TLS if undefined. A `ca` makes callers show a certificate of theirs. */
  readonly server: CertificateFiles | undefined;
  /** The files for calls to other processes of the platform; no TLS if undefined. */
  readonly upstream: CertificateFiles | undefined;
}

export function tlsSettings() {
  const pem = (meaning: string) => file().optional().describe(meaning);
  return {
    TLS_CERTIFICATE_FILE: pem(
      "the process's own certificate, with those between it and its CA; turns TLS on at the ports for calls",
    ),
    TLS_KEY_FILE: pem('the private key of TLS_CERTIFICATE_FILE'),
    TLS_CLIENT_CA_FILE: pem('the CAs whose certificates callers must have; turns mutual TLS on'),
    UPSTREAM_CA_FILE: pem(
      'the CAs of the processes that this one calls; turns TLS on for these calls',
    ),
    UPSTREAM_CERTIFICATE_FILE: pem('the certificate for calls to other processes'),
    UPSTREAM_KEY_FILE: pem('the private key of UPSTREAM_CERTIFICATE_FILE'),
  };
}

type Values = z.output<z.ZodObject<ReturnType<typeof tlsSettings>>>;

/**
 * @param prefix of the process's settings, for messages
 * @throws {ConfigError} naming the setting that another one needs
 */
export function tlsConfig(values: Values, prefix: string): TlsConfig {
  const fileOf = (name: keyof Values): PemFile | undefined => {
    const path = values[name];
    return path === undefined ? undefined : { setting: prefix + name, path };
  };
  return {
    server: serverFiles(
      fileOf('TLS_CERTIFICATE_FILE'),
      fileOf('TLS_KEY_FILE'),
      fileOf('TLS_CLIENT_CA_FILE'),
      prefix,
    ),
    upstream: clientFiles(
      {
        ca: fileOf('UPSTREAM_CA_FILE'),
        certificate: fileOf('UPSTREAM_CERTIFICATE_FILE'),
        key: fileOf('UPSTREAM_KEY_FILE'),
      },
      `${prefix}UPSTREAM_`,
    ),
  };
}

function serverFiles(
  certificate: PemFile | undefined,
  key: PemFile | undefined,
  ca: PemFile | undefined,
  prefix: string,
): CertificateFiles | undefined {
  const identity = identityFiles({ certificate, key }, `${prefix}TLS_`);
  if (identity !== undefined) return { identity, ca };
  if (ca === undefined) return undefined;
  throw missing(
    `${prefix}TLS_CERTIFICATE_FILE`,
    `because ${ca.setting} asks callers for certificates, and TLS needs one of the process's own`,
  );
}

/**
 * What a client of the platform shows and trusts; undefined if it calls without TLS.
 *
 * @param prefix of `CA_FILE`, `CERTIFICATE_FILE` and `KEY_FILE`, for messages
 * @throws {ConfigError} naming the setting that another one needs
 */
export function clientFiles(
  files: {
    readonly ca: PemFile | undefined;
    readonly certificate: PemFile | undefined;
    readonly key: PemFile | undefined;
  },
  prefix: string,
): CertificateFiles | undefined {
  const identity = identityFiles(files, prefix);
  const { ca } = files;
  if (ca !== undefined) return { identity, ca };
  if (identity === undefined) return undefined;
  throw missing(
    `${prefix}CA_FILE`,
    `because ${identity.certificate.setting} is only used with TLS, which that file turns on`,
  );
}

function identityFiles(
  { certificate, key }: { certificate: PemFile | undefined; key: PemFile | undefined },
  prefix: string,
): IdentityFiles | undefined {
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate !== undefined) {
    throw missing(`${prefix}KEY_FILE`, `to the private key of ${certificate.setting}`);
  }
  if (key !== undefined) {
    throw missing(`${prefix}CERTIFICATE_FILE`, `to the certificate of ${key.setting}`);
  }
  return undefined;
}

function missing(setting: string, fix: string): ConfigError {
  return new ConfigError(`${setting} is missing; set it, ${fix}`);
}
