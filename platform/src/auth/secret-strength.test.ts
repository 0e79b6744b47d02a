import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { secretProblem } from './secret-strength.ts';

let taken = 0;

/** Random bytes, the same in every run. */
function randomBytes(length: number): Buffer {
  taken += 1;
  return createHash('shake256', { outputLength: length }).update(`seed ${taken}`).digest();
}

function oneOf(choices: readonly string[]): string {
  return choices[randomBytes(4).readUInt32BE() % choices.length] ?? '';
}

function randomUuid(): string {
  const hex = randomBytes(16).toString('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-a$4-');
}

// Of a list for passphrases; the last ones stand in for a secret elsewhere.
const passphraseWords =
  'acrobat blinking cobalt dwelling elbow fidgety gecko hatchet irony jurist kiosk ladle mango nacho oasis pecan quilt rampart silky tulip unzip vixen wager yodel zebra bagel cameo purple tweezers wreckage default sample'.split(
    ' ',
  );

function passphrase(count: number): string {
  const words = new Set<string>();
  while (words.size < count) words.add(oneOf(passphraseWords));
  return [...words].join('-');
}

describe('a secret is taken that is', () => {
  test.each([
    ['random hexadecimal digits', () => randomBytes(32).toString('hex')],
    ['few random hexadecimal digits', () => randomBytes(16).toString('hex')],
    ['random base64', () => randomBytes(24).toString('base64')],
    ['random base64url', () => randomBytes(32).toString('base64url')],
    [
      'random capitals',
      () => [...randomBytes(32)].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[byte % 26]).join(''),
    ],
    [
      'random printable characters',
      () => [...randomBytes(32)].map((byte) => String.fromCharCode(33 + (byte % 94))).join(''),
    ],
    ['many random decimal digits', () => [...randomBytes(48)].map((byte) => byte % 10).join('')],
    ['a UUID', () => randomUuid()],
    ['two UUIDs', () => `${randomUuid()}${randomUuid()}`],
    ['six random words', () => passphrase(6)],
    [
      'a random key behind a word',
      () => `loyalty-jwt-secret-${randomBytes(24).toString('base64url')}`,
    ],
  ])('%s', (_case, make) => {
    for (let count = 0; count < 1000; count++) {
      const secret = make();
      expect([secret, secretProblem(secret)]).toEqual([secret, undefined]);
    }
  });

  test('a long sentence', () => {
    expect(secretProblem('correct horse battery staple, and more')).toBeUndefined();
  });
});

describe('a secret is refused that is', () => {
  test.each([
    ['short', 'x7Kp2'],
    ['one byte too short', randomBytes(16).toString('hex').slice(1)],
    ['short, though its letters take two bytes', 'é'.repeat(15)],
  ])('%s', (_case, secret) => {
    expect(secretProblem(secret)).toContain(
      'at least 32 bytes; make one with: openssl rand -hex 32',
    );
  });

  test.each([
    ['one repeated letter', 'k'.repeat(64)],
    ['blank', ' '.repeat(64)],
    ['two letters in turn', 'ab'.repeat(32)],
    ['a repeated word', 'password'.repeat(8)],
    ['a repeated phrase', 'changeme-please '.repeat(4)],
    ['a sequence', 'abcdefghijklmnopqrstuvwxyz0123456789'],
    ['a repeated sequence', '0123456789'.repeat(5)],
    ['a sequence backwards', '9876543210zyxwvutsrqponmlkjihgfedcba'],
    ['every other digit and letter', '02468ACEGIKMOQSUWY13579BDFHJLNPRTVXZ'],
    ['rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
    ['columns of a keyboard', 'qazwsxedcrfvtgbyhnujmikolp12345678'],
    ['columns of a keyboard with its digits', '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9'],
    ['columns of a keyboard with shift', '!QAZ2wsx#EDC4rfv%TGB6yhn&UJM8ik9'],
    ['filled up', `secret${'0'.repeat(40)}`],
    ['filled up on both sides', `${'x'.repeat(20)}s3cret${'x'.repeat(20)}`],
  ])('%s', (_case, secret) => {
    expect(secretProblem(secret)).toContain('can be guessed; make one with: openssl rand -hex 32');
  });

  test.each([
    'your-256-bit-secret-your-256-bit-secret',
    'change-me-in-production-please-now',
    'REPLACE_ME_WITH_A_RANDOM_SECRET!!',
    'my-super-secret-jwt-signing-key-1',
    'loyalty-local-development-secret!',
    'thisisaverylongsecretkeyforloyalty2024',
    'ThisIsTheLedgerServiceSecretKey123!',
    'YOUR_JWT_SECRET_KEY_AT_LEAST_32_CHARACTERS_LONG',
    'p4ssw0rd-ch4ng3-m3-pl34se-n0w-1234',
    's.e.c.r.e.t p.a.s.s.w.o.r.d c.h.a.n.g.e m.e',
  ])('made of words that stand in for one: %s', (secret) => {
    expect(secretProblem(secret)).toBe(
      'is made of words that stand in for a secret, and can be guessed; make one with: openssl rand -hex 32',
    );
  });
});
