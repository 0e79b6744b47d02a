/** As many as the digest of HS256 has: fewer would make the secret the weakest link. */
const bytesMin = 32;
/** Half of the shortest secret. Of 32 random hexadecimal digits, about 27 are new. */
const newCharactersMin = 16;

/**
 * Why a shared secret can be guessed, with the fix; undefined if nothing speaks against it.
 *
 * Besides its length it counts the characters that are new: that neither form a pair with the one before that the secret
 * had already, nor go on as the one before did (`aaaa`, `abcd`, `9753`, `qwerty`). So a repeated letter, word or sequence
 * counts once, however long it is. It can't see that a secret is a sentence from a book: make one at random.
 */
export function secretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < bytesMin)
    return `must have at least ${bytesMin} bytes; ${advice}`;
  return newCharacters(secret) < newCharactersMin
    ? `repeats itself and can be guessed; ${advice}`
    : undefined;
}

const advice = 'make one with: openssl rand -hex 32';
const keyboard = 'qwertyuiopasdfghjklzxcvbnm';

function newCharacters(secret: string): number {
  const pairs = new Set<string>();
  let count = 0;
  let [beforePrevious, previous] = ['', ''];
  for (const character of secret) {
    const pair = previous + character;
    const goesOn =
      step(previous, character) === step(beforePrevious, previous) ||
      keyboard.includes(pair.toLowerCase());
    if (!goesOn && !pairs.has(pair)) count += 1;
    pairs.add(pair);
    [beforePrevious, previous] = [previous, character];
  }
  return count;
}

/** How far apart two neighbors are; never the same for none. */
function step(from: string, to: string): number {
  return from === '' || to === ''
    ? Number.NaN
    : (to.codePointAt(0) ?? 0) - (from.codePointAt(0) ?? 0);
}
