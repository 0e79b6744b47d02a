import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { ConfigError } from '../config.ts';
import { ServiceUnavailable } from '../errors.ts';
import { issuerAlgorithms, readKeySet } from './key-set.ts';
import { secretProblem } from './secret-strength.ts';

export interface KeySourceOptions {
  /** Shared secret of at least 32 bytes (HS256). Either this or `jwks`. */
  secret?: string | undefined;
  /** Where the issuer's public keys are (RS256, ES256, EdDSA): an http(s) URL, or the path of a file read once. */
  jwks?: string | undefined;
  /** What JWT_SECRET and JWT_JWKS begin with in the process's configuration, such as `LEDGER_`; for messages only. */
  settingPrefix?: string | undefined;
}

/** What tokens are verified with. */
export interface KeySource {
  readonly algorithms: string[];
  /** Throws ServiceUnavailable when the issuer's keys can't be loaded. */
  readonly getKey: JWTVerifyGetKey;
}

/** @throws {ConfigError} naming the setting that is missing or bad */
export function createKeySource(options: KeySourceOptions): KeySource {
  const { secret, jwks, settingPrefix = '' } = options;
  const [secretSetting, jwksSetting] = [`${settingPrefix}JWT_SECRET`, `${settingPrefix}JWT_JWKS`];
  if (secret !== undefined && jwks === undefined) {
    const key = secretKey(secret, secretSetting);
    return { algorithms: ['HS256'], getKey: () => Promise.resolve(key) };
  }
  if (secret === undefined && jwks !== undefined) {
    const problem = jwksProblem(jwks);
    if (problem !== undefined) throw new ConfigError(`${jwksSetting} ${problem}`);
    const keySet = isUrl(jwks)
      ? createRemoteJWKSet(new URL(jwks))
      : createLocalJWKSet(readKeySet(jwks, jwksSetting));
    return { algorithms: [...issuerAlgorithms], getKey: loading(keySet) };
  }
  throw new ConfigError(`${secretSetting} must be set if, and only if, ${jwksSetting} is not`);
}

/**
 * The HS256 key of a shared secret.
 *
 * @param setting what the secret is called where it is configured
 * @throws {ConfigError} if the secret can be guessed
 */
export function secretKey(secret: string, setting = 'JWT_SECRET'): Uint8Array {
  const problem = secretProblem(secret);
  if (problem !== undefined) throw new ConfigError(`${setting} ${problem}`);
  return new TextEncoder().encode(secret);
}

/** Why an issuer's keys can't be trusted that come from there, with the fix; undefined if they can. */
export function jwksProblem(source: string): string | undefined {
  if (!isUrl(source)) return undefined;
  const url = URL.parse(source);
  if (url?.protocol === 'https:') return undefined;
  return url?.protocol === 'http:' && isLoopback(url.hostname)
    ? undefined
    : 'must be a URL that starts with https://, or the path of a file: over plain HTTP, an attacker could replace the keys and forge tokens';
}

function isUrl(source: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(source);
}

/** @param hostname from a parsed URL, which normalizes the numbers of IPv4 */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
}

function loading(keySet: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keySet(header, token);
    } catch (error) {
      if (
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys
      ) {
        throw error;
      }
      throw new ServiceUnavailable("The token issuer's keys can't be loaded", { cause: error });
    }
  };
}
