import { describe, test } from '@jest/globals';
import { expectLinearTime, repeated } from '@loyalty/local/linear-time.ts';
import { checkCondition } from '@loyalty/rules/condition/check-condition.ts';
import { compileCondition, conditionBindings } from '@loyalty/rules/condition/condition.ts';
import { EARN_RULE_VOCABULARY } from '@loyalty/rules/condition/vocabulary.ts';
import { aPurchase, MEMBER } from './example.ts';

/** What the contract takes. */
const sizeMax = 2000;

describe('the time to check a condition grows with its length and no faster, for', () => {
  test.each([
    ['brackets', (size: number) => '('.repeat(size / 2) + ')'.repeat(size / 2)],
    ['brackets that are never closed', repeated('', '(', '')],
    ['lists in lists', (size: number) => '['.repeat(size / 2) + ']'.repeat(size / 2)],
    ['maps in maps', repeated('', '{1:', '')],
    ['denials', repeated('', '!', 'true')],
    ['minus signs', repeated('1 == ', '-', '1')],
    ['alternatives', repeated('true', '||true', '')],
    ['conditions of conditions', repeated('', 'true?true:', 'true')],
    ['conditions within conditions', repeated('', 'true?', 'true')],
    ['sums', repeated('1', '+1', '==1')],
    ['comparisons', repeated('1', '<1', '')],
    ['fields of fields', repeated('transaction', '.items', '')],
    ['indexes', repeated('transaction.items', '[0]', '')],
    ['loops in loops', repeated('', '[1].exists(x,', 'true')],
    ['calls', repeated('', 'size(', 'transaction.items')],
    ['texts', repeated('"', 'a', '" == ""')],
    ['escapes', repeated('"', '\\n', '" == ""')],
    ['quotes', repeated('', '"', '')],
    ['quotes in threes', repeated('', '"""', '')],
    ['raw texts', repeated('', 'r"', '')],
    ['names', repeated('', 'a', '')],
    ['digits', repeated('1', '0', ' == 1')],
    ['decimals', repeated('1.', '0', ' == 1.0')],
    ['exponents', repeated('1', 'e1', '')],
    ['spaces', repeated('', ' ', '')],
    ['comments', repeated('', '//', '')],
    ['lines', repeated('', '\n', 'x')],
    ['dots', repeated('', '.', '')],
  ])('%s', (_what, textOf) => {
    const read = (text: string) => checkCondition(text, EARN_RULE_VOCABULARY);
    expectLinearTime({ textOf, read, sizeMax });
  });
});

describe('the time to check a pattern grows with its length and no faster, for', () => {
  test.each([
    ['letters', 'a'],
    ['opening brackets', '['],
    ['classes within a class', '[[:'],
    ['classes that are never closed', '[a'],
    ['classes of names', '[[:alpha:'],
    ['negated classes', '[^'],
    ['groups that are never closed', '('],
    ['groups', '()'],
    ['groups of groups', '(a|'],
    ['alternatives', 'a|'],
    ['repetitions', 'a*'],
    ['counted repetitions', 'a{2}'],
    ['repetitions of repetitions', '(a*)*'],
    ['openings of a count', 'a{'],
    ['openings of a script', '\\\\p{'],
    ['scripts', '\\\\pL'],
    ['quotations', '\\\\Q'],
    ['ends of quotations', '\\\\E'],
    ['codes', '\\\\x{'],
    ['backslashes', '\\\\\\\\'],
    ['flags', '(?i)'],
    ['names', '(?P<a>'],
  ])('%s', (_what, part) => {
    const textOf = repeated('transaction.channel.matches("', part, '")');
    const read = (text: string) => checkCondition(text, EARN_RULE_VOCABULARY);
    expectLinearTime({ textOf, read, sizeMax });
  });
});

/** What the contract takes of a transaction's channel. */
const channelSizeMax = 64;

test.each(['(a*)*b', '(a|a)*b', '(a|aa)+$', '.*a.*a.*a.*b', '(.*)*x'])(
  'the time of a purchase that the pattern %s is compared with grows with its text and no faster',
  (pattern) => {
    const condition = compileCondition(`transaction.channel.matches("${pattern}")`);
    const read = (channel: string) => {
      const transaction = aPurchase({ channel });
      const facts = { transaction, member: MEMBER, now: Date.parse('2026-03-21T16:00:01Z') };
      condition?.refusal(conditionBindings(facts));
    };
    expectLinearTime({ textOf: repeated('', 'a', ''), read, sizeMax: channelSizeMax });
  },
);
