import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JSONWebKeySet, JWK } from 'jose';
import { ConfigError } from '../config.ts';

/** What an issuer may sign tokens with. */
export const issuerAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const;

/**
 * Reads a file of public keys. The library would find out with the first token that a key can't be used, and then take it
 * for the sender's mistake.
 *
 * @param setting what names the file
 * @throws {ConfigError} naming the setting and the key, if the file can't be read, a key in it is dangerous or broken, or
 * none can verify a token
 */
export function readKeySet(path: string, setting: string): JSONWebKeySet {
  const keySet = parsed(readText(path, setting));
  if (!isKeySet(keySet)) {
    throw new ConfigError(
      `${setting} names a file that isn't a JSON Web Key Set; write the public keys as {"keys":[{"kty":"EC",…}]}`,
    );
  }
  const { keys } = keySet;
  for (const [index, key] of keys.entries()) {
    const fault = secrecyFault(key) ?? rsaFault(key) ?? formFault(key);
    if (fault !== undefined) {
      throw new ConfigError(`${setting} has ${fault.what} (${nameOf(key, index)}); ${fault.fix}`);
    }
  }
  const purposes = keys.map((key, index) => [nameOf(key, index), otherPurpose(key)] as const);
  if (purposes.every(([, purpose]) => purpose !== undefined)) {
    const reasons = purposes.map(([name, purpose]) => `${name} ${purpose}`).join(', ');
    throw new ConfigError(
      `${setting} has no key that can verify a token: ${reasons}; give one for RS256, ES256 or EdDSA`,
    );
  }
  return keySet;
}

/** What is wrong with a key, and how to put it right. */
interface Fault {
  readonly what: string;
  readonly fix: string;
}

function readText(path: string, setting: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = Error.isError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new ConfigError(`${setting} names a file that can't be read${code}`);
  }
}

/** The key's id, or its place, for messages of one line. */
function nameOf({ kid }: JWK, index: number): string {
  return typeof kid === 'string' && /^[!-~]{1,100}$/.test(kid)
    ? `key ${JSON.stringify(kid)}`
    : `key ${index + 1} of the file`;
}

/** `k` is a symmetric key; `d` is the private part of any other. */
function secrecyFault(key: JWK): Fault | undefined {
  if (key.kty === 'oct' || 'k' in key || 'd' in key) {
    return {
      what: 'a symmetric or private key',
      fix: 'give the public keys alone, and replace that key, because anyone who reads it can make tokens',
    };
  }
  return /^HS/i.test(key.alg ?? '')
    ? {
        what: `a public key with the algorithm ${key.alg}, which is for shared secrets`,
        fix: 'give it the one that the issuer signs with, such as RS256',
      }
    : undefined;
}

const rsaBitsMin = 2048;

/** Why an RSA key doesn't protect tokens. The library finds short keys only with the first token, and takes any exponent. */
function rsaFault({ kty, n, e }: JWK): Fault | undefined {
  if (kty !== 'RSA') return undefined;
  const bits = numberOf(n).toString(2).replace(/^0/, '').length;
  if (bits < rsaBitsMin) {
    return {
      what: `an RSA key of ${bits} bits`,
      fix: `give one of at least ${rsaBitsMin}, because shorter ones can be broken`,
    };
  }
  const exponent = numberOf(e);
  return exponent < 3n || exponent % 2n === 0n
    ? {
        what: `an RSA key with the exponent ${exponent}`,
        fix: 'give one with 65537, because anyone can sign for this one',
      }
    : undefined;
}

/** The number in base64url that a member of a JWK is; 0 where there is none. */
function numberOf(member: unknown): bigint {
  const hex = typeof member === 'string' ? Buffer.from(member, 'base64url').toString('hex') : '';
  return BigInt(`0x0${hex}`);
}

/** Why a key of a kind that tokens are verified with isn't one. Keys of other kinds aren't used. */
function formFault(key: JWK): Fault | undefined {
  if (algorithmOf(key) === undefined || isPublicKey(key)) return undefined;
  return {
    what: `a key whose numbers make no ${key.kty} key`,
    fix: 'copy it from the issuer again',
  };
}

function isPublicKey(key: JWK): boolean {
  // OpenSSL overlooks other characters, and the library doesn't.
  const numbers = [key.n, key.e, key.x, key.y].filter((member) => member !== undefined);
  if (!numbers.every((member) => typeof member === 'string' && /^[\w-]+$/.test(member)))
    return false;
  try {
    createPublicKey({ key, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** What else a key is for than the signatures of tokens, as a clause; undefined if it can verify them. */
function otherPurpose(key: JWK): string | undefined {
  const { kty, crv, alg, use, key_ops: operations } = key;
  const algorithm = algorithmOf(key);
  if (algorithm === undefined) {
    return `is of the kind ${[kty, crv].filter((part) => part !== undefined).join(' ')}`;
  }
  if (alg !== undefined && alg !== algorithm) return `is for ${alg}`;
  if (use !== undefined && use !== 'sig') return `has the use ${use}`;
  return operations === undefined || operations.includes('verify')
    ? undefined
    : "isn't for verifying";
}

function algorithmOf({ kty, crv }: JWK): (typeof issuerAlgorithms)[number] | undefined {
  if (kty === 'RSA') return 'RS256';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  return kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined;
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

/** A key whose descriptive members, where it has them, are what they should be. */
function isKey(value: unknown): value is JWK {
  if (typeof value !== 'object' || value === null) return false;
  const { kty, crv, alg, use, key_ops: operations } = value as Partial<Record<string, unknown>>;
  return (
    typeof kty === 'string' &&
    [crv, alg, use].every((member) => member === undefined || typeof member === 'string') &&
    (operations === undefined || Array.isArray(operations))
  );
}
