import { describe, expect, test } from '@jest/globals';
import { parseProcessTimes, secondsOfTree } from './processor-time.ts';

const backend =
  '4242 (postgres: a (b) c) S 4000 4242 4242 0 -1 4194560 1500 0 3 0 123 45 6 7 20 0 1 0 90210 231211008 4000 18446744073709551615';

describe('what /proc says of a process', () => {
  test('is read past a name with blanks and parentheses', () => {
    expect(parseProcessTimes(backend)).toEqual({ pid: 4242, parent: 4000, own: 168, ended: 13 });
  });

  test.each(['', 'no such file', '12 (cat) S 1 2'])('is not guessed from %j', (text) => {
    expect(() => parseProcessTimes(text)).toThrow('no stat');
  });
});

describe('the time of a tree of processes', () => {
  const server = { pid: 10, parent: 1, own: 100, ended: 0 };
  const backends = [
    { pid: 11, parent: 10, own: 250, ended: 0 },
    { pid: 12, parent: 10, own: 50, ended: 0 },
  ];
  const stranger = { pid: 20, parent: 1, own: 9_999, ended: 9_999 };

  test('is that of the server and its children, and of nobody else', () => {
    expect(secondsOfTree(10, [stranger, ...backends, server])).toBe(4);
  });

  test('is the same after a child has ended, whose time its parent has then', () => {
    const [first, second] = backends as [(typeof backends)[0], (typeof backends)[0]];
    expect(secondsOfTree(10, [{ ...server, ended: second.own }, first, stranger])).toBe(4);
  });

  test('contains the children of children', () => {
    expect(
      secondsOfTree(1, [
        { ...server, pid: 1, parent: 0 },
        { ...server, own: 20 },
      ]),
    ).toBe(1.2);
  });

  test('is nothing when the server is gone', () => {
    expect(secondsOfTree(10, [stranger])).toBe(0);
  });
});
