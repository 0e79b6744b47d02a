import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { exportJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { ConfigError } from '../config.ts';
import { mintToken } from './mint.ts';
import { createTokenVerifier } from './tokens.ts';

const secret = 'a secret that is long enough for HS256';
const issuer = 'https://issuer.test';
const audience = 'loyalty';
const nowSeconds = Math.floor(Date.now() / 1000);
const goodClaims: JWTPayload = {
  iss: issuer,
  aud: audience,
  sub: 'alice',
  iat: nowSeconds,
  exp: nowSeconds + 600,
  roles: ['member'],
};

function sign(claims: JWTPayload, key = secret, header: Partial<JWTHeaderParameters> = {}) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(key));
}

const verifier = createTokenVerifier({ issuer, audience, secret });

describe('a token signed with the shared secret', () => {
  test('says who the caller is', async () => {
    const token = await mintToken({
      secret,
      issuer,
      audience,
      subject: 'alice',
      roles: ['member', 'service'],
      programs: ['wine-dine'],
      lifetimeSeconds: 60,
    });
    expect(await verifier.verify(token)).toEqual({
      subject: 'alice',
      roles: new Set(['member', 'service']),
      programs: new Set(['wine-dine']),
      token,
    });
  });

  test('reaches all programs when it names none', async () => {
    expect((await verifier.verify(await sign(goodClaims))).programs).toBeUndefined();
  });

  test('may have its roles and programs in claims of other names, as some issuers ask for', async () => {
    const rolesClaim = 'https://loyalty.example.com/roles';
    const programsClaim = 'https://loyalty.example.com/programs';
    const renamed = createTokenVerifier({ issuer, audience, secret, rolesClaim, programsClaim });
    const { roles: _, ...others } = goodClaims;
    const claims = { ...others, [rolesClaim]: ['member'], [programsClaim]: ['wine-dine'] };
    expect(await renamed.verify(await sign(claims))).toMatchObject({
      roles: new Set(['member']),
      programs: new Set(['wine-dine']),
    });
    await expect(verifier.verify(await sign(claims))).rejects.toThrow('"roles"');
    await expect(renamed.verify(await sign(goodClaims))).rejects.toThrow(`"${rolesClaim}"`);
  });

  test('gives no rights for roles that the platform does not know', async () => {
    const token = await sign({ ...goodClaims, roles: ['offline_access', 'service'] });
    expect((await verifier.verify(token)).roles).toEqual(new Set(['service']));
  });

  test('is accepted within 30 seconds of clock difference', async () => {
    const justExpired = await sign({ ...goodClaims, iat: nowSeconds - 600, exp: nowSeconds - 10 });
    const fromTheFuture = await sign({ ...goodClaims, iat: nowSeconds + 20, nbf: nowSeconds + 20 });
    await expect(verifier.verify(justExpired)).resolves.toMatchObject({ subject: 'alice' });
    await expect(verifier.verify(fromTheFuture)).resolves.toMatchObject({ subject: 'alice' });
  });

  test('is verified once only while it is valid', async () => {
    const token = await sign(goodClaims);
    expect(await verifier.verify(token)).toBe(await verifier.verify(token));
  });

  test('is refused once it has expired, although it was accepted before', async () => {
    const token = await sign(goodClaims);
    await verifier.verify(token);
    jest.useFakeTimers({ now: Date.now() + 631_000, doNotFake: ['nextTick', 'queueMicrotask'] });
    try {
      await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    } finally {
      jest.useRealTimers();
    }
  });
});

const without = (claim: string): JWTPayload => ({ ...goodClaims, [claim]: undefined });

describe('refused is a token', () => {
  test.each<[string, JWTPayload]>([
    ['without iss', without('iss')],
    ['of another issuer', { ...goodClaims, iss: 'https://other.test' }],
    ['without aud', without('aud')],
    ['for another audience', { ...goodClaims, aud: 'other' }],
    ['without exp', without('exp')],
    ['that has expired', { ...goodClaims, iat: nowSeconds - 600, exp: nowSeconds - 31 }],
    ['without sub', without('sub')],
    ['with an empty sub', { ...goodClaims, sub: '' }],
    ['with a control character in its sub', { ...goodClaims, sub: 'al\u0000ice' }],
    ['without iat', without('iat')],
    ['issued in the future', { ...goodClaims, iat: nowSeconds + 60 }],
    ['not valid yet', { ...goodClaims, nbf: nowSeconds + 60 }],
    [
      'older than a day',
      { ...goodClaims, iat: nowSeconds - 24 * 3600 - 31, exp: nowSeconds + 600 },
    ],
    ['without roles', without('roles')],
    ['with one role as a text', { ...goodClaims, roles: 'admin' }],
    ['with roles that are no texts', { ...goodClaims, roles: [1] }],
    ['with programs that are no list', { ...goodClaims, programs: 'wine-dine' }],
  ])('%s', async (_case, claims) => {
    await expect(verifier.verify(await sign(claims))).rejects.toMatchObject({
      reason: 'UNAUTHENTICATED',
    });
  });

  test('signed with another secret', async () => {
    const token = await sign(goodClaims, 'another secret, also long enough');
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  });

  test('that is not signed', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'none' })}.${part(goodClaims)}.`;
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  });

  test.each(['', 'x', 'a.b.c', 'x'.repeat(10_000)])('that is none (%#)', async (token) => {
    await expect(verifier.verify(token)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  });
});

describe('tokens signed with the key of a JWKS', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jwks-'));
  const servers: Server[] = [];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();

  async function keySet() {
    return { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }] };
  }

  async function fileVerifier() {
    const path = join(directory, 'jwks.json');
    writeFileSync(path, JSON.stringify(await keySet()));
    return createTokenVerifier({ issuer, audience, jwks: path });
  }

  async function serve(status: number): Promise<string> {
    const body = JSON.stringify(await keySet());
    const server = createServer((_request, response) => response.writeHead(status).end(body));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  }

  const signed = (kid: string) =>
    new SignJWT(goodClaims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);

  afterAll(() => {
    rmSync(directory, { recursive: true });
    for (const server of servers) server.close();
  });

  test('are accepted when the set is a file', async () => {
    const caller = await (await fileVerifier()).verify(await signed('one'));
    expect(caller.subject).toBe('alice');
  });

  test('are accepted when the set has keys for other purposes, too', async () => {
    const { keys } = await keySet();
    const others = [
      { ...keys[0], kid: 'two', alg: 'ECDH-ES', use: 'enc' },
      { kty: 'EC', crv: 'P-521', kid: 'three', x: 'AA', y: 'AA' },
      { kty: 'AKP', alg: 'ML-DSA-44', pub: 'AA' },
    ];
    const path = join(directory, 'several.json');
    writeFileSync(path, JSON.stringify({ keys: [...others, ...keys] }));
    const several = createTokenVerifier({ issuer, audience, jwks: path });
    expect((await several.verify(await signed('one'))).subject).toBe('alice');
  });

  test('are accepted when the set is at a URL', async () => {
    const remote = createTokenVerifier({ issuer, audience, jwks: await serve(200) });
    expect((await remote.verify(await signed('one'))).subject).toBe('alice');
  });

  test('are refused when the set has no such key', async () => {
    await expect((await fileVerifier()).verify(await signed('two'))).rejects.toMatchObject({
      reason: 'UNAUTHENTICATED',
    });
  });

  test('are refused when they are HS256 with the public key as the secret', async () => {
    const token = await sign(goodClaims, pem, { kid: 'one' });
    await expect((await fileVerifier()).verify(token)).rejects.toMatchObject({
      reason: 'UNAUTHENTICATED',
    });
  });

  test('can be tried again later when the set cannot be loaded', async () => {
    const remote = createTokenVerifier({ issuer, audience, jwks: await serve(500) });
    await expect(remote.verify(await signed('one'))).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
  });
});

describe('a verifier is not made, and the setting is named,', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bad-jwks-'));
  const settingPrefix = 'LEDGER_';

  function file(content: string): string {
    const path = join(directory, 'jwks.json');
    writeFileSync(path, content);
    return path;
  }

  function rsaModulus(bits: number): Buffer {
    return Buffer.alloc(bits / 8, 0xff);
  }

  function rsaKeys(modulus: Buffer, e = 'AQAB'): string {
    return JSON.stringify({ keys: [{ kty: 'RSA', n: modulus.toString('base64url'), e }] });
  }

  type KeySet = { keys: Readonly<Record<string, unknown>>[] };

  function keyFile(...keys: KeySet['keys']): string {
    return file(JSON.stringify({ keys }));
  }

  function publicKeyOf(namedCurve: string) {
    return generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
  }

  afterAll(() => rmSync(directory, { recursive: true }));

  test.each<[string, () => { secret?: string; jwks?: string }, string]>([
    ['with a secret that is too short', () => ({ secret: 'short' }), 'LEDGER_JWT_SECRET must have'],
    ['with neither of secret and JWKS', () => ({}), 'LEDGER_JWT_SECRET must be set if, and only'],
    ['with both of them', () => ({ secret, jwks: 'x' }), 'LEDGER_JWT_SECRET must be set if, and'],
    ['with a URL that is none', () => ({ jwks: 'https://' }), 'LEDGER_JWT_JWKS must be a URL'],
    ['without the file', () => ({ jwks: join(directory, 'none') }), 'LEDGER_JWT_JWKS.*ENOENT'],
    ['with a folder for a file', () => ({ jwks: directory }), 'LEDGER_JWT_JWKS.*EISDIR'],
    ['with a file that is no JSON', () => ({ jwks: file('-----BEGIN') }), 'LEDGER_JWT_JWKS names'],
    ['with a file of other JSON', () => ({ jwks: file('{"kty":"EC"}') }), 'LEDGER_JWT_JWKS names'],
    ['with a set that is empty', () => ({ jwks: file('{"keys":[]}') }), 'LEDGER_JWT_JWKS names'],
    ['with keys that are none', () => ({ jwks: file('{"keys":[1]}') }), 'LEDGER_JWT_JWKS names'],
    [
      'with a symmetric key',
      () => ({ jwks: file('{"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMko"}]}') }),
      'LEDGER_JWT_JWKS has a symmetric or private key',
    ],
    [
      'with a private key',
      () => ({ jwks: file('{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}') }),
      'LEDGER_JWT_JWKS has a symmetric or private key',
    ],
    [
      'with an RSA key of 1024 bits',
      () => ({ jwks: file(rsaKeys(rsaModulus(1024))) }),
      'LEDGER_JWT_JWKS has an RSA key of 1024 bits',
    ],
    [
      'with an RSA key whose length is padded with zeros',
      () => ({ jwks: file(rsaKeys(Buffer.concat([Buffer.alloc(128), rsaModulus(1024)]))) }),
      'LEDGER_JWT_JWKS has an RSA key of 1024 bits',
    ],
    [
      'with an RSA key whose exponent is 1',
      () => ({ jwks: file(rsaKeys(rsaModulus(2048), 'AQ')) }),
      'LEDGER_JWT_JWKS has an RSA key with the exponent 1',
    ],
    [
      'with an RSA key without numbers',
      () => ({ jwks: file('{"keys":[{"kty":"RSA"}]}') }),
      'LEDGER_JWT_JWKS has an RSA key of 0 bits',
    ],
    [
      'with a key whose curve is not used for tokens',
      () => ({ jwks: keyFile({ ...publicKeyOf('secp256k1'), kid: 'one' }) }),
      'LEDGER_JWT_JWKS has no key that can verify a token: key "one" is of the kind EC secp256k1; give one for RS256',
    ],
    [
      'with a key that is for encryption, and one for another algorithm',
      () => ({
        jwks: keyFile(
          { ...publicKeyOf('P-256'), use: 'enc' },
          { ...publicKeyOf('P-256'), alg: 'ECDH-ES' },
          { ...publicKeyOf('P-256'), key_ops: ['deriveKey'] },
        ),
      }),
      "LEDGER_JWT_JWKS has no key that can verify a token: key 1 of the file has the use enc, key 2 of the file is for ECDH-ES, key 3 of the file isn't for verifying",
    ],
    [
      'with a point that is not on its curve, beside a good key',
      () => {
        const key = publicKeyOf('P-256');
        return { jwks: keyFile(key, { ...key, y: key.x ?? '', kid: 'two' }) };
      },
      'LEDGER_JWT_JWKS has a key whose numbers make no EC key \\(key "two"\\); copy it',
    ],
    [
      'with a number in plain base64',
      () => ({ jwks: keyFile({ ...publicKeyOf('P-256'), x: `${'+'.repeat(43)}=` }) }),
      'LEDGER_JWT_JWKS has a key whose numbers make no EC key',
    ],
    [
      'with a public key for an algorithm of shared secrets',
      () => ({
        jwks: keyFile({
          ...(JSON.parse(rsaKeys(rsaModulus(2048))) as KeySet).keys[0],
          alg: 'HS256',
        }),
      }),
      'LEDGER_JWT_JWKS has a public key with the algorithm HS256, which is for shared secrets \\(key 1 of the file\\)',
    ],
    [
      'with a public key that has a symmetric one in it',
      () => ({ jwks: keyFile(publicKeyOf('P-256'), { ...publicKeyOf('P-256'), k: 'AAAA' }) }),
      'LEDGER_JWT_JWKS has a symmetric or private key \\(key 2 of the file\\)',
    ],
    [
      'with a use that is none',
      () => ({ jwks: file('{"keys":[{"kty":"RSA","use":1}]}') }),
      'LEDGER_JWT_JWKS names',
    ],
    [
      'with keys over plain HTTP',
      () => ({ jwks: 'http://issuer.test/keys' }),
      'LEDGER_JWT_JWKS must be a URL that starts with https://',
    ],
    ['with a secret that repeats itself', () => ({ secret: 'k'.repeat(64) }), 'LEDGER_JWT_SECRET'],
  ])('%s', (_case, source, message) => {
    const make = () => createTokenVerifier({ issuer, audience, settingPrefix, ...source() });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(new RegExp(message));
  });
});
