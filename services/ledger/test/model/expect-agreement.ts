import { balanceAt } from '../../src/domain/balance.ts';
import { collectEvents } from '../announced-events.ts';
import { startUseCases } from '../commit-fixture.ts';
import { type Answer, textOf } from './command.ts';
import { balanceAnswer, createLedgerClient } from './ledger-answer.ts';
import { outcomesOf } from './outcomes.ts';
import { createStory, type Round, type Turn } from './story.ts';

type Ledger = Awaited<ReturnType<typeof startUseCases>>;
type LedgerClient = ReturnType<typeof createLedgerClient>;

interface Line {
  readonly time: string;
  readonly turn: Turn;
  readonly expected: readonly [answer: string, balance: string];
  readonly actual: readonly [answer: string, balance: string];
}

interface Member {
  readonly send: LedgerClient;
  readonly lines: Line[];
}

/**
 * Lets a ledger of its own go through the story of a seed, and returns the outcomes that there were.
 *
 * @throws for the first turn that the ledger and the reference model disagree about, for an event that comes out
 * differently when it is encoded again, and when the ledger isn't sound afterwards
 */
export async function expectAgreement(
  seed: number,
  { onRound = () => undefined }: { onRound?: () => void } = {},
): Promise<Set<string>> {
  const { programs, rounds } = createStory(seed);
  const ledger = await startUseCases(...programs);
  const members = new Map<string, Member>();
  const outcomes = new Set<string>();
  const events = collectEvents(ledger.journal);
  ledger.onCommit(events.announce);
  try {
    for (const round of rounds) {
      await playRound({ seed, ledger, members, programs }, round);
      for (const outcome of round.turns.flatMap(outcomesOf)) outcomes.add(outcome);
      onRound();
    }
    await events.expectSameAgain(programs.map(({ programId }) => programId));
  } finally {
    await ledger.stop();
  }
  return outcomes;
}

async function playRound(
  playing: {
    seed: number;
    ledger: Ledger;
    members: Map<string, Member>;
    programs: readonly { programId: string }[];
  },
  { now, turns }: Round,
): Promise<void> {
  const { seed, ledger, members } = playing;
  ledger.setClock(new Date(now));
  const time = new Date(now).toISOString();
  const answers = await Promise.all(
    turns.map((turn) => memberOf(turn, { ledger, members }).send(turn.command)),
  );
  const balances = await readBalances(playing, now);
  turns.forEach((turn, index) => {
    const { lines } = memberOf(turn, { ledger, members });
    const told = answers[index];
    const line: Line = {
      time,
      turn,
      expected: [inOrder(turn.expected), inOrder(turn.balance)],
      actual: [inOrder(told?.answer), inOrder(balances.get(nameOf(turn)))],
    };
    lines.push(line);
    expectSame(line, { seed, lines });
    if (told?.balance === undefined) return;
    const toldBalance = inOrder({ state: turn.balance?.['state'], ...told.balance });
    expectSame({ ...line, actual: [line.actual[0], toldBalance] }, { seed, lines });
  });
}

function nameOf({ programId, userId }: { programId: string; userId: string }): string {
  return `${programId} ${userId}`;
}

function memberOf(
  turn: Turn,
  { ledger, members }: { ledger: Ledger; members: Map<string, Member> },
): Member {
  const { programId, userId } = turn;
  const known = members.get(nameOf(turn));
  const member = known ?? { send: createLedgerClient(ledger, { programId, userId }), lines: [] };
  members.set(nameOf(turn), member);
  return member;
}

async function readBalances(
  { ledger, programs }: { ledger: Ledger; programs: readonly { programId: string }[] },
  now: number,
): Promise<Map<string, Answer>> {
  const balances = new Map<string, Answer>();
  for (const { programId } of programs) {
    const page = { limit: 1_000, after: undefined };
    const accounts = await ledger.reader.accountsOfProgram({ programId, now, ...page });
    for (const account of accounts) {
      const { membership } = account;
      const balance = balanceAnswer(balanceAt(account, now));
      balances.set(nameOf(membership), { state: membership.state, ...balance });
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
  { turn, expected, actual }: Line,
  { seed, lines }: { seed: number; lines: readonly Line[] },
): void {
  if (expected[0] === actual[0] && expected[1] === actual[1]) return;
  const story = lines.map(
    (line) => `${line.time} ${textOf(line.turn.command)}\n    ${line.expected.join(' | ')}`,
  );
  throw new Error(
    [
      `the ledger and the model differ for ${turn.userId} of ${turn.programId}; repeat it with LOYALTY_SEED=${seed}`,
      ...story,
      `model:  ${expected.join('\n        ')}`,
      `ledger: ${actual.join('\n        ')}`,
    ].join('\n'),
  );
}
