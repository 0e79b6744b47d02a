import { SignJWT } from 'jose';
import { secretKey } from './key-source.ts';
import type { Role } from './tokens.ts';

export interface MintOptions {
  secret: string;
  issuer: string;
  audience: string;
  subject: string;
  roles: readonly Role[];
  /** The only programs that the token reaches; all when absent. */
  programs?: readonly string[];
  /** At most 24 h are of use, because older tokens are refused. */
  lifetimeSeconds: number;
}

/**
 * A token signed with the shared secret: for local use, tests, and a service's own calls.
 *
 * @throws {ConfigError} if the secret is too short
 */
export function mintToken(options: MintOptions): Promise<string> {
  const { roles, programs } = options;
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT(programs === undefined ? { roles } : { roles, programs })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(options.issuer)
    .setAudience(options.audience)
    .setSubject(options.subject)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + options.lifetimeSeconds)
    .sign(secretKey(options.secret));
}
