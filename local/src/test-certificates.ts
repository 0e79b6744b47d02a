// Certificates for tests, made when they are asked for: none can expire in the repository, and no key is kept there.
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** In PEM format. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface TestAuthority {
  /** Its own certificate, in PEM format. */
  readonly ca: string;
  /** For the loopback addresses, unless `names` has others: IP addresses, DNS names, URIs. */
  issue(
    names?: readonly CertificateName[],
    ownKeys?: webcrypto.CryptoKeyPair,
  ): Promise<TestCertificate>;
}

export interface CertificateName {
  readonly type: 'dns' | 'ip' | 'url';
  readonly value: string;
}

const loopback: readonly CertificateName[] = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validity = {
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 24 * 60 * 60_000),
};

export async function createTestAuthority(name: string): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    ca: authority.toString('pem'),
    async issue(names = loopback, ownKeys) {
      const own = ownKeys ?? (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
      const certificate = await X509CertificateGenerator.create({
        ...validity,
        subject: 'CN=test',
        issuer: authority.subject,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: algorithm,
        extensions: [new SubjectAlternativeNameExtension([...names])],
      });
      const key = await crypto.subtle.exportKey('pkcs8', own.privateKey);
      return {
        certificate: certificate.toString('pem'),
        key: PemConverter.encode(key, 'PRIVATE KEY'),
      };
    },
  };
}
