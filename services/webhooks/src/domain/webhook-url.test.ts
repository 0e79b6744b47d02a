import { describe, expect, test } from '@jest/globals';
import { checkedUrl } from './webhook-url.ts';

const deployed = { allowsHttp: false };
const local = { allowsHttp: true };

describe('is refused:', () => {
  test.each([
    ['', 'must be an https URL'],
    ['shop.example/hook', 'must be an https URL'],
    ['ftp://shop.example/hook', 'must be an https URL'],
    ['http://shop.example/hook', 'must be an https URL'],
    ['https://', 'must have a valid host'],
    ['https://shop example/', 'must have a valid host'],
    ['https://[::1', 'must have a valid host'],
    ['https://shop.example:0/', 'must have a port from 1 to 65535, or none'],
    ['https://shop.example:65536/', 'must have a port from 1 to 65535, or none'],
    ['https://shop.example:http/', 'must have a port from 1 to 65535, or none'],
    ['https://user@shop.example/hook', 'must not have a user or a password'],
    ['https://user:password@shop.example/hook', 'must not have a user or a password'],
    ['https://shop.example/hook#part', 'must not have a fragment'],
    ['https://shop.example/\n', 'must not contain control or invisible characters'],
    ['https://shop.\texample/', 'must not contain control or invisible characters'],
    ['https://shop.example/\u202egnp', 'must not contain control or invisible characters'],
    [`https://shop.example/${'é'.repeat(400)}`, 'must have at most 2000 bytes'],
  ])('%j', (text, problem) => {
    expect(checkedUrl(text, deployed)).toEqual({ problem: expect.stringContaining(problem) });
  });

  test('http, with words for where it is allowed', () => {
    expect(checkedUrl('ftp://shop.example', local)).toEqual({
      problem: 'must be an http or https URL',
    });
  });
});

describe('is written as it will be requested:', () => {
  test.each([
    ['https://shop.example/hook?a=1', 'https://shop.example/hook?a=1'],
    ['https://shop.example', 'https://shop.example/'],
    ['https://shop.example/hook#', 'https://shop.example/hook'],
    ['  https://SHOP.example:443/a b ', 'https://shop.example/a%20b'],
    ['https:\\\\shop.example\\hook', 'https://shop.example/hook'],
    ['https:///shop.example', 'https://shop.example/'],
    ['https://0x7f.1/', 'https://127.0.0.1/'],
    ['https://bücher.example/ü', 'https://xn--bcher-kva.example/%C3%BC'],
  ])('%j', (text, url) => {
    expect(checkedUrl(text, deployed)).toEqual({ url });
  });

  test('http where it is allowed', () => {
    const url = 'http://127.0.0.1:3000/hook';
    expect(checkedUrl(url, local)).toEqual({ url });
  });
});
