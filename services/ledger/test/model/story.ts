import type { ProgramDefinition } from '../../src/app/program-catalog.ts';
import type { Answer, Command } from './command.ts';
import { randomPrograms } from './programs.ts';
import { createRandom, type Random } from './random.ts';
import { type CommandSource, createCommandSource } from './random-commands.ts';
import { ReferenceAnswers } from './reference-answers.ts';

const membersOfSeed = 256;
const rounds = 24;

/** How many things happen in a story. */
export const turnsOfStory = membersOfSeed * rounds;

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** What one member asked for, and what the reference model says came of it. */
export interface Turn {
  readonly programId: string;
  readonly userId: string;
  readonly command: Command;
  readonly expected: Answer;
  /** Afterwards; undefined for who never joined. */
  readonly balance: Answer | undefined;
}

/** What all members do at one instant. */
export interface Round {
  readonly now: number;
  readonly turns: readonly Turn[];
}

export interface Story {
  readonly programs: readonly [ProgramDefinition, ...ProgramDefinition[]];
  /** Told once. */
  readonly rounds: Iterable<Round>;
}

/** Random members of random programs, who do random things: the same for the same seed. */
export function createStory(seed: number): Story {
  const random = createRandom(seed);
  const users = Array.from({ length: membersOfSeed }, (_, index) => `m${index}`);
  const [first, ...others] = randomPrograms(users);
  if (first === undefined) throw new Error('there are no programs');
  const programs: Story['programs'] = [first, ...others];
  const members = users.map((userId, index): Member => {
    const program = programs[index % programs.length] ?? first;
    return {
      programId: program.programId,
      userId,
      source: createCommandSource(createRandom(seed + index), userId),
      model: new ReferenceAnswers(program, userId),
    };
  });
  return { programs, rounds: tell(members, random) };
}

interface Member {
  readonly programId: string;
  readonly userId: string;
  readonly source: CommandSource;
  readonly model: ReferenceAnswers;
}

function* tell(members: readonly Member[], random: Random): Iterable<Round> {
  let now = Date.parse('2026-01-10T10:00:00Z') + random.below(150) * day;
  for (let round = 0; round < rounds; round += 1) {
    yield { now, turns: members.map((member) => takeTurn(member, now)) };
    now += step(random);
  }
}

function takeTurn({ programId, userId, source, model }: Member, now: number): Turn {
  const command = source.next(now);
  const expected = model.answer(command, now);
  const balance = model.balance(now);
  source.learn(command, expected, balance);
  return { programId, userId, command, expected, balance };
}

function step(random: Random): number {
  const short = [0, 0, 0, 1, second, 30 * second, 10 * minute, 15 * minute];
  const long = [5 * 60 * minute, day, day, 3 * day, 5 * day, 9 * day, 14 * day, 31 * day, 70 * day];
  return random.pick(random.chance(0.6) ? short : long);
}
