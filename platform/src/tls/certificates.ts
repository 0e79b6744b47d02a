import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config.ts';
import type { Logger } from '../logging.ts';
import type { CertificateFiles, IdentityFiles, PemFile } from './tls-config.ts';

/** What the files have, whole and fitting together. */
export interface Certificates {
  readonly identity: { readonly certificate: Buffer; readonly key: Buffer } | undefined;
  readonly ca: Buffer | undefined;
}

/** Certificates that can be replaced. */
export interface CertificateSource {
  /** Those in force. */
  readonly current: Certificates;
  /** Calls the listener each time others come into force; the function returned ends that. */
  onChange(listener: (certificates: Certificates) => void): () => void;
}

export interface CertificateWatch extends CertificateSource {
  close(): void;
}

const defaultRefreshMs = 10_000;

/**
 * Reads certificates, and reads them again when their files change. What can't be used, such as a file that is half
 * written, or a certificate whose key hasn't been replaced yet, changes nothing and is logged once.
 *
 * It reads the files every few seconds, because Kubernetes replaces them by swapping a link, which file events miss. The
 * file watcher of grpc-js does the same, but takes what it reads unseen: a port whose key was replaced a moment after its
 * certificate would refuse connections until the next time.
 *
 * @throws {ConfigError} naming the setting of a file that can't be used now
 */
export async function watchCertificates(
  files: CertificateFiles,
  { logger, refreshMs = defaultRefreshMs }: { logger: Logger; refreshMs?: number },
): Promise<CertificateWatch> {
  let current = await readCertificates(files);
  let problem: string | undefined;
  let isReading = false;
  let isClosed = false;
  const listeners = new Set<(certificates: Certificates) => void>();

  async function refresh(): Promise<void> {
    if (isReading) return;
    isReading = true;
    try {
      const next = await readCertificates(files);
      if (isClosed) return;
      problem = undefined;
      if (isSame(current, next)) return;
      current = next;
      for (const listener of listeners) listener(next);
      logger.info({ settings: settingsOf(files) }, 'certificates replaced');
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (isClosed || error.message === problem) return;
      problem = error.message;
      logger.warn(
        { problem },
        "changed certificates can't be used; the previous ones stay in force",
      );
    } finally {
      isReading = false;
    }
  }

  const timer = setInterval(() => void refresh(), refreshMs).unref();
  return {
    get current() {
      return current;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      // What is being read now is of no use any more.
      isClosed = true;
      clearInterval(timer);
    },
  };
}

function settingsOf({ identity, ca }: CertificateFiles): string[] {
  return [identity?.certificate, identity?.key, ca].flatMap((file) => file?.setting ?? []);
}

/**
 * Reads certificates once, for a process that ends soon.
 *
 * @throws {ConfigError} naming the setting of a file that can't be used
 */
export async function readCertificates({ identity, ca }: CertificateFiles): Promise<Certificates> {
  return {
    identity: identity === undefined ? undefined : await readIdentity(identity),
    ca: ca === undefined ? undefined : (await readChain(ca)).pem,
  };
}

async function readIdentity(files: IdentityFiles): Promise<NonNullable<Certificates['identity']>> {
  const { pem, leaf } = await readChain(files.certificate);
  const key = await readPem(files.key);
  if (!leaf.checkPrivateKey(privateKey(files.key, key))) {
    throw new ConfigError(
      `${files.key.setting} names the key of another certificate; give that of ${files.certificate.setting}`,
    );
  }
  try {
    // What OpenSSL refuses only when it is used, such as a key that is too short.
    createSecureContext({ cert: pem, key });
  } catch (error) {
    throw new ConfigError(
      `${files.certificate.setting} names a certificate that can't be used (${(error as Error).message}); give one with a stronger key`,
    );
  }
  return { certificate: pem, key };
}

function privateKey({ setting }: PemFile, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new ConfigError(
      `${setting} names a file without a complete private key; give PEM without a passphrase`,
      { cause: error },
    );
  }
}

const begin = '-----BEGIN CERTIFICATE-----';
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

async function readChain(file: PemFile): Promise<{ pem: Buffer; leaf: X509Certificate }> {
  const text = (await readPem(file)).toString('latin1');
  const blocks = text.match(certificatePattern) ?? [];
  try {
    // OpenSSL would pass over a last one that is cut off.
    if (blocks.length < text.split(begin).length - 1) throw new Error('it is cut off');
    const [leaf] = blocks.map((block) => new X509Certificate(block));
    if (leaf === undefined) throw new Error('it has none');
    // Line by line: OpenSSL would pass over one that begins in the line where the one before ends.
    return { pem: Buffer.from(`${blocks.join('\n')}\n`), leaf };
  } catch (error) {
    throw new ConfigError(
      `${file.setting} names a file without complete certificates; give PEM: ${begin} …`,
      { cause: error },
    );
  }
}

async function readPem({ setting, path }: PemFile): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = Error.isError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new ConfigError(`${setting} names a file that can't be read${code}`, { cause: error });
  }
}

function isSame(a: Certificates, b: Certificates): boolean {
  const buffers = ({ identity, ca }: Certificates) => [identity?.certificate, identity?.key, ca];
  const others = buffers(b);
  return buffers(a).every((buffer, index) => {
    const other = others[index];
    return buffer === undefined || other === undefined ? buffer === other : buffer.equals(other);
  });
}
