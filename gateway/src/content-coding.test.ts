import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { contentCodingFor, encodeContent } from './content-coding.ts';

describe('the content coding of a body', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['deflate, zstd', undefined],
    ['gzip', 'gzip'],
    ['gzip, deflate, br', 'br'],
    ['GZIP', 'gzip'],
    ['br;q=0.5, gzip;q=0.8', 'gzip'],
    ['br; q=0.8 ,gzip ; q=0.800', 'br'],
    ['br;q=0, gzip;q=0', undefined],
    ['*', 'br'],
    ['br;q=0, *', 'gzip'],
    ['gzip;q=1, *;q=0', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=', undefined],
    ['br;q=nonsense, gzip;q=0.001', 'gzip'],
  ])('for Accept-Encoding %j is %j', (acceptEncoding, coding) => {
    expect(contentCodingFor(acceptEncoding, 1025)).toBe(coding);
  });

  test('is none for a small one', () => {
    expect(contentCodingFor('br', 1024)).toBeUndefined();
  });
});

test.each([2_000, 200_000])('a text of %j bytes is the same when it is decoded', async (bytes) => {
  const text = `${randomBytes(bytes / 2 - 1).toString('hex')}é`;
  expect(brotliDecompressSync(await encodeContent(text, 'br')).toString()).toBe(text);
  expect(gunzipSync(await encodeContent(text, 'gzip')).toString()).toBe(text);
});
