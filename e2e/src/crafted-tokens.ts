// Tokens as nobody should make them. Signed by hand, because no library would.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { Platform } from '@loyalty/local/running-platform.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The values of the header `authorization` that a call is made with. */
export type Authorization = readonly string[];

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function hmac(hash: 'sha256' | 'sha512', secret: string | Buffer) {
  return (text: string) => createHmac(hash, secret).update(text).digest('base64url');
}

function tokenOf(header: object, claims: Claims, signature: (text: string) => string): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${signature(text)}`;
}

/** The signing key of the platform, as its configuration has it. */
function keyOf({ env }: Platform): string {
  return env['LOYALTY_JWT_SECRET'] ?? '';
}

function claimsOf({ env }: Platform, changes: Claims = {}): Claims {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: env['LOYALTY_JWT_ISSUER'],
    aud: env['LOYALTY_JWT_AUDIENCE'],
    sub: 'mallory',
    roles: ['admin', 'service', 'member'],
    iat: now,
    exp: now + 600,
    ...changes,
  };
}

/** A good token with these claims in place of the usual ones. */
export function craftedToken(platform: Platform, claims: Claims): string {
  return tokenOf({ alg: 'HS256' }, claimsOf(platform, claims), hmac('sha256', keyOf(platform)));
}

/** Values of `Authorization` that every transport must refuse, by what is wrong with them. */
export function badAuthorizations(platform: Platform): ReadonlyMap<string, Authorization> {
  const now = Math.floor(Date.now() / 1000);
  const good = craftedToken(platform, {});
  const [header = '', payload = '', signature = ''] = good.split('.');
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const rs256 = (text: string) =>
    sign('sha256', Buffer.from(text), privateKey).toString('base64url');
  const claims = claimsOf(platform);
  const tokens: Record<string, string> = {
    'alg none': tokenOf({ alg: 'none' }, claims, () => ''),
    'alg None with a signature': tokenOf({ alg: 'None' }, claims, () => signature),
    'HS256 with a public key': tokenOf({ alg: 'HS256' }, claims, hmac('sha256', pem)),
    'HS256 with another secret': tokenOf({ alg: 'HS256' }, claims, hmac('sha256', 'x'.repeat(32))),
    'HS512 with the secret': tokenOf({ alg: 'HS512' }, claims, hmac('sha512', keyOf(platform))),
    'RS256 with a foreign kid': tokenOf({ alg: 'RS256', kid: 'mine' }, claims, rs256),
    'no iss': craftedToken(platform, { iss: undefined }),
    'a wrong iss': craftedToken(platform, { iss: 'https://issuer.evil' }),
    'no aud': craftedToken(platform, { aud: undefined }),
    'a wrong aud': craftedToken(platform, { aud: 'others' }),
    'no exp': craftedToken(platform, { exp: undefined }),
    'an exp in the past': craftedToken(platform, { iat: now - 600, exp: now - 60 }),
    'no sub': craftedToken(platform, { sub: undefined }),
    'an empty sub': craftedToken(platform, { sub: '' }),
    'an nbf in the future': craftedToken(platform, { nbf: now + 300 }),
    'an iat in the future': craftedToken(platform, { iat: now + 300, exp: now + 600 }),
    'an iat of two days ago': craftedToken(platform, { iat: now - 2 * 86_400 }),
    'no roles': craftedToken(platform, { roles: undefined }),
    'roles that are no list': craftedToken(platform, { roles: 'admin' }),
    'programs that are no list': craftedToken(platform, { programs: 'wine-dine' }),
    'other claims under a good signature': `${header}.${encode(claimsOf(platform, { sub: 'ann' }))}.${signature}`,
    'no signature': `${header}.${payload}.`,
    garbage: 'not.a.token',
  };
  const bearers = Object.entries(tokens).map(([what, token]): [string, Authorization] => [
    what,
    [`Bearer ${token}`],
  ]);
  return new Map<string, Authorization>([
    ...bearers,
    ['no header', []],
    ['an empty header', ['']],
    ['an empty token', ['Bearer ']],
    ['two headers', [`Bearer ${good}`, `Bearer ${good}`]],
    ['the wrong scheme', [`Basic ${good}`]],
  ]);
}
