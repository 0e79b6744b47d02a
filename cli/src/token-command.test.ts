import { describe, expect, test } from '@jest/globals';
import { parseLifetime } from './token-command.ts';

describe("a token's lifetime", () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['24h', 86_400],
  ])('%s is %s seconds', (text, seconds) => {
    expect(parseLifetime(text)).toBe(seconds);
  });

  test.each(['25h', '0s', '-1h', '1d', '15', 'h', ''])('%j is refused', (text) => {
    expect(() => parseLifetime(text)).toThrow('Write it like');
  });
});
