import { readFileSync } from 'node:fs';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';
import { ConfigError } from '../config.ts';
import { ServiceUnavailable } from '../errors.ts';
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
    return { algorithms: ['RS256', 'ES256', 'EdDSA'], getKey: loading(keySet) };
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

/** Of a URL, where numbers of IPv4 are in their usual form whatever was written. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
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
      `${setting} names a file that isn't a JSON Web Key Set; write the public keys as {"keys":[{"kty":"EC",…}]}`,
    );
  }
  if (keySet.keys.some(isSecretKey)) {
    throw new ConfigError(
      `${setting} has a symmetric or private key; give the public keys alone, and replace that key, because anyone who reads it can make tokens`,
    );
  }
  const problem = keySet.keys.map(rsaProblem).find((found) => found !== undefined);
  if (problem !== undefined) throw new ConfigError(`${setting} ${problem}`);
  return keySet;
}

const rsaBitsMin = 2048;

/** Why an RSA key doesn't protect tokens. The library finds short keys only with the first token, and takes any exponent. */
function rsaProblem({ kty, n, e }: JWK): string | undefined {
  if (kty !== 'RSA') return undefined;
  const bits = numberOf(n).toString(2).replace(/^0/, '').length;
  if (bits < rsaBitsMin) {
    return `has an RSA key of ${bits} bits; give one of at least ${rsaBitsMin}, because shorter ones can be broken`;
  }
  const exponent = numberOf(e);
  return exponent < 3n || exponent % 2n === 0n
    ? `has an RSA key with the exponent ${exponent}; give one with 65537, because anyone can sign for this one`
    : undefined;
}

/** The number in base64url that a member of a JWK is; 0 where there is none. */
function numberOf(member: unknown): bigint {
  const hex = typeof member === 'string' ? Buffer.from(member, 'base64url').toString('hex') : '';
  return BigInt(`0x0${hex}`);
}

/** `k` is a symmetric key; `d` is the private part of any other. */
function isSecretKey(key: JWK): boolean {
  return key.kty === 'oct' || 'k' in key || 'd' in key;
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
