import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ServiceUnavailable } from '../errors.ts';
import { Unauthenticated } from './errors.ts';
import { createKeySource, type KeySourceOptions } from './key-source.ts';

/** What a caller may be; the names are those of the token's claim `roles`. */
export type Role = 'admin' | 'service' | 'member';

/** The caller, according to the verified token. */
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
  /** Who a token stands for that was verified before; undefined if it has to be verified. */
  remembered(token: string): Caller | undefined;
  /**
   * The caller that the token identifies. Throws Unauthenticated when it can't be trusted, ServiceUnavailable when the
   * keys to check it with can't be loaded.
   */
  verify(token: string): Promise<Caller>;
}

export interface TokenVerifierOptions extends KeySourceOptions {
  issuer: string;
  audience: string;
  /** `roles` if undefined. */
  rolesClaim?: string | undefined;
  /** `programs` if undefined. */
  programsClaim?: string | undefined;
}

const clockToleranceSeconds = 30;
const tokenAgeSecondsMax = 24 * 60 * 60;
const tokenBytesMax = 8192;
const subjectPattern = /^\P{C}{1,255}$/u;
const rememberedTokensMax = 10_000;

/**
 * Verifies bearer tokens and remembers the good ones until they expire, because checking a signature costs as much as
 * ten calls.
 *
 * @throws {ConfigError} naming the setting that is missing or bad
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { algorithms, getKey } = createKeySource(options);
  const remembered = new Map<string, { caller: Caller; expiresMs: number }>();

  function rememberedCaller(token: string): Caller | undefined {
    const known = remembered.get(token);
    if (known === undefined || known.expiresMs > Date.now()) return known?.caller;
    remembered.delete(token);
    return undefined;
  }

  return {
    remembered: rememberedCaller,
    async verify(token) {
      const known = rememberedCaller(token);
      if (known !== undefined) return known;
      if (token.length > tokenBytesMax) throw new Unauthenticated('The bearer token is too long');
      const claims = await verifiedClaims(token, getKey, {
        algorithms,
        issuer: options.issuer,
        audience: options.audience,
        clockTolerance: clockToleranceSeconds,
        maxTokenAge: tokenAgeSecondsMax,
        requiredClaims: ['exp', 'sub'],
      });
      const caller = callerOf(claims, token, options);
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

function callerOf(
  claims: JWTPayload,
  token: string,
  {
    rolesClaim = 'roles',
    programsClaim = 'programs',
  }: Pick<TokenVerifierOptions, 'rolesClaim' | 'programsClaim'>,
): Caller {
  const { sub, [rolesClaim]: roles, [programsClaim]: programs } = claims as Record<string, unknown>;
  if (typeof sub !== 'string' || !subjectPattern.test(sub)) throw badClaim('sub');
  if (!isListOfTexts(roles)) throw badClaim(rolesClaim);
  if (programs !== undefined && !isListOfTexts(programs)) throw badClaim(programsClaim);
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
