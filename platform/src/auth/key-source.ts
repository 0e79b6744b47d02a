import { readFileSync } from 'node:fs';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { ConfigError } from '../config.ts';
import { ServiceUnavailable } from '../errors.ts';

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
    const keySet = /^https?:/.test(jwks)
      ? createRemoteJWKSet(urlOf(jwks, jwksSetting))
      : createLocalJWKSet(readKeySet(jwks, jwksSetting));
    return { algorithms: ['RS256', 'ES256', 'EdDSA'], getKey: loading(keySet) };
  }
  throw new ConfigError(`${secretSetting} must be set if, and only if, ${jwksSetting} is not`);
}

/**
 * The HS256 key of a shared secret.
 *
 * @param setting what the secret is called where it is configured
 * @throws {ConfigError} if the secret is shorter than the digest, which would make it the weakest link
 */
export function secretKey(secret: string, setting = 'JWT_SECRET'): Uint8Array {
  const key = new TextEncoder().encode(secret);
  if (key.length < 32) throw new ConfigError(`${setting} must have at least 32 bytes`);
  return key;
}

function urlOf(text: string, setting: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new ConfigError(`${setting} must be a URL or the path of a file`);
  return url;
}

function readKeySet(path: string, setting: string): JSONWebKeySet {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = Error.isError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new ConfigError(`${setting} names a file that can't be read${code}`);
  }
  const keySet = parsed(text);
  if (!isKeySet(keySet)) {
    throw new ConfigError(
      `${setting} names a file that is no JSON Web Key Set: {"keys":[{"kty":"EC",…}]} is needed`,
    );
  }
  return keySet;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  if (typeof value !== 'object' || value === null || !('keys' in value)) return false;
  const { keys } = value;
  return Array.isArray(keys) && keys.length > 0 && keys.every(isKey);
}

function isKey(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'kty' in value && typeof value.kty === 'string'
  );
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
