import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { secretProblem } from './secret-strength.ts';

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
    ['many random decimal digits', () => [...randomBytes(48)].map((byte) => byte % 10).join('')],
  ])('%s', (_case, make) => {
    for (let count = 0; count < 1000; count++) expect(secretProblem(make())).toBeUndefined();
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
    ['filled up', `secret${'0'.repeat(40)}`],
    ['filled up on both sides', `${'x'.repeat(20)}s3cret${'x'.repeat(20)}`],
  ])('%s', (_case, secret) => {
    expect(secretProblem(secret)).toContain('can be guessed; make one with: openssl rand -hex 32');
  });
});
