/** As many as the digest of HS256 has: fewer would make the secret the weakest link. */
const bytesMin = 32;
/** Half of the shortest secret. Of 32 random hexadecimal digits, about 27 are new. */
const newCharactersMin = 16;

/**
 * Why a shared secret can be guessed, with the fix; undefined if nothing speaks against it.
 *
 * Besides its length it counts the characters that are new: that neither form a pair with the one before that the secret
 * had already, nor go on as the one before did (`aaaa`, `abcd`, `9753`, `qwerty`, `1qaz2wsx`). So a repeated letter, word or
 * sequence counts once, however long it is. Words that stand where a secret should be (`change-me`, `your-jwt-secret`) don't
 * count at all. It can't see that a secret is a sentence from a book: make one at random.
 */
export function secretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < bytesMin)
    return `must have at least ${bytesMin} bytes; ${advice}`;
  if (newCharacters(secret) < newCharactersMin) {
    return `repeats itself or follows the keyboard, and can be guessed; ${advice}`;
  }
  return newCharacters(secret.replace(placeholders, '')) < newCharactersMin
    ? `is made of words that stand in for a secret, and can be guessed; ${advice}`
    : undefined;
}

const advice = 'make one with: openssl rand -hex 32';

const placeholders = placeholderPattern([
  // What examples and templates say.
  'secret password passwd passphrase placeholder credential default example sample dummy fake todo demo',
  'change changed changeme replace insert your this here with please must should before value string',
  'random secure super long private public least characters not use never',
  // What a secret is for, and where.
  'jwt hmac hs256 sha256 bit bits key keys token signing sign auth authentication access bearer api admin',
  'development dev production prod staging testing test local environment config server service',
  // What this platform calls itself and its parts.
  'loyalty platform ledger programs webhooks gateway',
]);

/**
 * The words in any case, also with digits for letters, whatever separates their letters, and what separates them from the
 * next. A word of a random passphrase may be among them: its other words are enough.
 */
function placeholderPattern(lines: readonly string[]): RegExp {
  const digits: Readonly<Record<string, string>> = { a: '4@', e: '3', i: '1!', o: '0', s: '5$' };
  const words = lines
    .flatMap((line) => line.split(' '))
    .toSorted((one, other) => other.length - one.length)
    .map((word) =>
      Array.from(word, (letter) => `[${letter}${digits[letter] ?? ''}]`).join('[\\W_]?'),
    );
  return new RegExp(`(?:${words.join('|')})[\\W_]*`, 'gi');
}

const keyboardRows = 'qwertyuiopasdfghjklzxcvbnm';
const keyboardColumns = [
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '!qaz@wsx#edc$rfv%tgb^yhn&ujm*ik(ol)p',
  'qazwsxedcrfvtgbyhnujmikolp',
  'zaqxswcdevfrbgtnhymjukilop',
].join(' ');

function newCharacters(secret: string): number {
  const pairs = new Set<string>();
  let count = 0;
  let [beforePrevious, previous] = ['', ''];
  for (const character of secret) {
    const pair = previous + character;
    const goesOn =
      step(previous, character) === step(beforePrevious, previous) ||
      keyboardRows.includes(pair.toLowerCase()) ||
      // Pairs of its columns are frequent in words.
      keyboardColumns.includes((beforePrevious + pair).toLowerCase());
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
