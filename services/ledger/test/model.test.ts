import { randomInt } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { balanceAt } from '../src/domain/balance.ts';
import { startUseCases } from './commit-fixture.ts';
import { type Answer, type Command, textOf } from './model/command.ts';
import { balanceAnswer, createLedgerClient } from './model/ledger-answer.ts';
import { randomPrograms } from './model/programs.ts';
import { createRandom, type Random } from './model/random.ts';
import { createCommandSource } from './model/random-commands.ts';
import { ReferenceAnswers } from './model/reference-answers.ts';

const membersOfSeed = 256;
const rounds = 24;
const given = process.env['LOYALTY_SEED'];
const seeds =
  given === undefined ? Array.from({ length: 8 }, () => randomInt(2 ** 31)) : [Number(given)];

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

type Ledger = Awaited<ReturnType<typeof startUseCases>>;

interface Line {
  readonly time: string;
  readonly command: Command;
  readonly expected: readonly [answer: string, balance: string];
  readonly actual: readonly [answer: string, balance: string];
}

describe(`${seeds.length * membersOfSeed} members do ${rounds} random things each, with the outcome that the reference model has`, () => {
  test.each(seeds)(
    'LOYALTY_SEED=%i',
    async (seed) => {
      const random = createRandom(seed);
      const users = Array.from({ length: membersOfSeed }, (_, index) => `m${index}`);
      const programs = randomPrograms(users);
      const [first, ...others] = programs;
      if (first === undefined) throw new Error('there are no programs');
      const ledger = await startUseCases(first, ...others);
      try {
        const members = users.map((userId, index) => {
          const program = programs[index % programs.length] ?? first;
          const { programId } = program;
          return {
            programId,
            userId,
            lines: [] as Line[],
            source: createCommandSource(createRandom(seed + index), userId),
            model: new ReferenceAnswers(program, userId),
            send: createLedgerClient(ledger, { programId, userId }),
          };
        });
        let now = Date.parse('2026-01-10T10:00:00Z') + random.below(150) * day;
        for (let round = 0; round < rounds; round += 1) {
          ledger.setClock(new Date(now));
          const time = new Date(now).toISOString();
          const sent = members.map(({ source }) => source.next(now));
          const answers = await Promise.all(
            members.map(({ send }, index) => send(sent[index] as Command)),
          );
          const balances = await readBalances(ledger, programs, now);
          members.forEach((member, index) => {
            const command = sent[index] as Command;
            const told = answers[index];
            const expected = member.model.answer(command, now);
            const balance = member.model.balance(now);
            member.source.learn(command, expected);
            const found = balances.get(`${member.programId} ${member.userId}`);
            const line: Line = {
              time,
              command,
              expected: [inOrder(expected), inOrder(balance)],
              actual: [inOrder(told?.answer), inOrder(found)],
            };
            member.lines.push(line);
            expectSame(line, { seed, member });
            if (told?.balance === undefined) return;
            const actual = [
              line.actual[0],
              inOrder({ state: balance?.['state'], ...told.balance }),
            ] as const;
            expectSame({ ...line, actual }, { seed, member });
          });
          now += step(random);
        }
      } finally {
        await ledger.stop();
      }
    },
    120_000,
  );
});

function step(random: Random): number {
  const short = [0, 0, 0, 1, second, 30 * second, 10 * minute, 15 * minute];
  const long = [5 * 60 * minute, day, day, 3 * day, 5 * day, 9 * day, 14 * day, 31 * day, 70 * day];
  return random.pick(random.chance(0.6) ? short : long);
}

async function readBalances(
  { reader }: Ledger,
  programs: readonly { programId: string }[],
  now: number,
): Promise<Map<string, Answer>> {
  const balances = new Map<string, Answer>();
  for (const { programId } of programs) {
    const page = { limit: 1_000, after: undefined };
    const accounts = await reader.accountsOfProgram({ programId, now, ...page });
    for (const account of accounts) {
      const { userId, state } = account.membership;
      balances.set(`${programId} ${userId}`, { state, ...balanceAnswer(balanceAt(account, now)) });
    }
  }
  return balances;
}

function inOrder(answer: Answer | undefined): string {
  const told = Object.entries(answer ?? {}).filter(([, value]) => value !== undefined);
  return told
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** @throws what a failure has to tell: how to repeat it, and all that the member did until then */
function expectSame(
  { expected, actual }: Line,
  { seed, member }: { seed: number; member: { programId: string; userId: string; lines: Line[] } },
): void {
  if (expected[0] === actual[0] && expected[1] === actual[1]) return;
  const story = member.lines.map(
    (line) => `${line.time} ${textOf(line.command)}\n    ${line.expected.join(' | ')}`,
  );
  throw new Error(
    [
      `the ledger and the model differ for ${member.userId} of ${member.programId}; repeat it with LOYALTY_SEED=${seed}`,
      ...story,
      `model:  ${expected.join('\n        ')}`,
      `ledger: ${actual.join('\n        ')}`,
    ].join('\n'),
  );
}
