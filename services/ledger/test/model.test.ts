import { randomInt } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from './model/command.ts';
import { readCoverage } from './model/coverage.ts';
import { expectAgreement } from './model/expect-agreement.ts';
import { outcomesOf } from './model/outcomes.ts';
import { createStory, turnsOfStory } from './model/story.ts';

const coverage = readCoverage();
const given = process.env['LOYALTY_SEED'];
const soakMinutes = Number(process.env['LOYALTY_SOAK_MINUTES'] ?? 0);
const seeds = given === undefined ? coverage.seeds : [Number(given)];

/** Far more than a seed takes, so that it is red for a difference and not for a busy machine. */
const seedMsMax = 180_000;

if (soakMinutes > 0) {
  test(
    `random things have the outcome that the reference model has, for ${soakMinutes} minutes`,
    async () => {
      await expectAgreementUntil(Date.now() + soakMinutes * 60_000);
    },
    soakMinutes * 60_000 + seedMsMax,
  );
} else {
  describe(`${turnsOfStory} random things have the outcome that the reference model has`, () => {
    test.each(seeds)(
      'LOYALTY_SEED=%i',
      async (seed) => {
        await expectAgreement(seed);
      },
      seedMsMax,
    );
  });

  describe('the fixed seeds', () => {
    let reached: ReadonlySet<string>;
    beforeAll(() => {
      const rounds = coverage.seeds.flatMap((seed) => [...createStory(seed).rounds]);
      reached = new Set(rounds.flatMap(({ turns }) => turns.flatMap(outcomesOf)));
    }, seedMsMax);

    test('reach every outcome that random commands are known to have', () => {
      const remedy = 'node scripts/run.cjs services/ledger/test/model/choose-seeds.ts';
      expect({ remedy, outcomes: [...reached].toSorted() }).toEqual({
        remedy,
        outcomes: coverage.outcomes,
      });
    });

    test('reach every kind of command', () => {
      const kinds: Record<Command['kind'], true> = {
        look: true,
        join: true,
        suspend: true,
        resume: true,
        leave: true,
        update: true,
        earn: true,
        refund: true,
        cancelRefund: true,
        quote: true,
        redeem: true,
        capture: true,
        cancel: true,
        reverse: true,
        adjust: true,
      };
      const used = new Set([...reached].map((outcome) => outcome.split(' ')[0]));
      expect(used).toEqual(new Set(Object.keys(kinds)));
    });
  });
}

/** Plays one random seed after the other until the time is over, and tells of each on standard error. */
async function expectAgreementUntil(endMs: number): Promise<void> {
  const known = new Set(coverage.outcomes);
  for (let count = 1; count === 1 || Date.now() < endMs; count += 1) {
    const seed = randomInt(2 ** 31);
    const minutesLeft = Math.max(endMs - Date.now(), 0) / 60_000;
    print(`${count}: LOYALTY_SEED=${seed}, ${minutesLeft.toFixed(1)} minutes left `);
    try {
      const outcomes = await expectAgreement(seed, { onRound: () => print('.') });
      const news = [...outcomes].filter((outcome) => !known.has(outcome));
      print(news.length === 0 ? ' same\n' : ` same; not of the fixed seeds: ${news.join(', ')}\n`);
    } catch (error) {
      print(
        ` differs. Repeat it with: LOYALTY_SEED=${seed} npm test -- services/ledger/test/model.test.ts\n`,
      );
      throw error;
    }
  }
}

// Not by the console, whose lines jest keeps until the end.
function print(text: string): void {
  process.stderr.write(text);
}
