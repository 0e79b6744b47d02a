import { readFileSync } from 'node:fs';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { ServiceUnavailable } from '../errors.ts';
import { Unauthenticated } from './errors.ts';

/** What a caller may be; the names are those of the token's claim `roles`. */
export type Role = 'admin' | 'service' | 'member';

/** Who calls, as their verified token says. */
export interface Caller {
  /** The token's `sub`. */
  readonly subject: string;
  /** Roles of the claim `roles` that this platform knows; others are ignored. */
  readonly roles: ReadonlySet<Role>;
  /** The only programs that the token reaches; undefined means all. */
  readonly programs: ReadonlySet<string> | undefined;
  /** The token itself, to be passed on in calls on behalf of the caller. */
  readonly token: string;
}

export interface TokenVerifier {
  /**
   * Who the token stands for. Throws Unauthenticated when it can't be trusted, ServiceUnavailable when the keys to
   * check it with can't be loaded.
   */
  verify(token: string): Promise<Caller>;
}

export interface TokenVerifierOptions {
  issuer: string;
  audience: string;
  /** Shared secret of at least 32 bytes (HS256). Either this or `jwks`. */
  secret?: string | undefined;
  /** Where the issuer's public keys are (RS256, ES256, EdDSA): an http(s) URL, or the path of a file read once. */
  jwks?: string | undefined;
}

const clockToleranceSeconds = 30;
const tokenAgeSecondsMax = 24 * 60 * 60;
const tokenBytesMax = 8192;
const subjectPattern = /^\P{C}{1,255}$/u;
const rememberedTokensMax = 10_000;

/** Verifies bearer tokens and remembers the good ones until they expire, because checking a signature costs as much as ten calls. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { algorithms, getKey } = keySource(options);
  const remembered = new Map<string, { caller: Caller; expiresMs: number }>();

  return {
    async verify(token) {
      const known = remembered.get(token);
      if (known !== undefined) {
        if (known.expiresMs > Date.now()) return known.caller;
        remembered.delete(token);
      }
      if (token.length > tokenBytesMax) throw new Unauthenticated('The bearer token is too long');
      const claims = await verifiedClaims(token, getKey, {
        algorithms,
        issuer: options.issuer,
        audience: options.audience,
        clockTolerance: clockToleranceSeconds,
        maxTokenAge: tokenAgeSecondsMax,
        requiredClaims: ['exp', 'sub'],
      });
      const caller = callerOf(claims, token);
      if (remembered.size >= rememberedTokensMax) {
        // The oldest goes: it is the nearest to its end, and at worst verified again.
        for (const oldest of remembered.keys()) {
          remembered.delete(oldest);
          break;
        }
      }
      const { exp = 0, iat = 0 } = claims;
      remembered.set(token, { caller, expiresMs: Math.min(exp, iat + tokenAgeSecondsMax) * 1000 });
      return caller;
    },
  };
}

interface KeySource {
  algorithms: string[];
  getKey: JWTVerifyGetKey;
}

function keySource({ secret, jwks }: TokenVerifierOptions): KeySource {
  if ((secret === undefined) === (jwks === undefined)) {
    throw new Error('Tokens need either a shared secret or a JWKS to be verified with');
  }
  if (secret !== undefined) {
    const key = secretKey(secret);
    return { algorithms: ['HS256'], getKey: () => Promise.resolve(key) };
  }
  const source = jwks ?? '';
  const keySet = /^https?:\/\//.test(source)
    ? createRemoteJWKSet(new URL(source))
    : createLocalJWKSet(JSON.parse(readFileSync(source, 'utf8')) as JSONWebKeySet);
  return {
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    async getKey(header, token) {
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
    },
  };
}

/** The HS256 key of a shared secret. Throws if the secret is shorter than the digest, which would make it the weakest link. */
export function secretKey(secret: string): Uint8Array {
  const key = new TextEncoder().encode(secret);
  if (key.length < 32) throw new Error('The JWT secret must have at least 32 bytes');
  return key;
}

async function verifiedClaims(
  token: string,
  getKey: JWTVerifyGetKey,
  options: NonNullable<Parameters<typeof jwtVerify>[2]>,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, getKey, options)).payload;
  } catch (error) {
    if (error instanceof ServiceUnavailable) throw error;
    throw new Unauthenticated(`The bearer token isn't accepted: ${complaint(error)}`, {
      cause: error,
    });
  }
}

function complaint(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `its claim "${error.claim}" is missing or wrong`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  return 'it is malformed or not signed by the expected issuer';
}

function callerOf(claims: JWTPayload, token: string): Caller {
  const { sub, roles, programs } = claims as Record<string, unknown>;
  if (typeof sub !== 'string' || !subjectPattern.test(sub)) throw badClaim('sub');
  if (!isListOfTexts(roles)) throw badClaim('roles');
  if (programs !== undefined && !isListOfTexts(programs)) throw badClaim('programs');
  return {
    subject: sub,
    roles: new Set(roles.filter(isRole)),
    programs: programs === undefined ? undefined : new Set(programs),
    token,
  };
}

function badClaim(claim: string): Unauthenticated {
  return new Unauthenticated(
    `The bearer token isn't accepted: its claim "${claim}" is missing or wrong`,
  );
}

function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');
}

function isRole(value: string): value is Role {
  return value === 'admin' || value === 'service' || value === 'member';
}
