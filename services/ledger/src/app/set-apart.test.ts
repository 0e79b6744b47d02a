import { describe, expect, test } from '@jest/globals';
import { type Batch, type QueuedCommand, untried } from './commit-batch.ts';
import type { LockedState } from './ledger-store.ts';
import { keysOf } from './queue-keys.ts';
import { SetApart } from './set-apart.ts';

/** Batches of one command each, on a clock that goes on when the test says so. */
function settingOf() {
  let nowMs = 0;
  const refused: string[] = [];
  const apart = new SetApart({ maxBatch: 500, maxBlockedMs: 5_000, now: () => nowMs });
  const batchOf = (name: string, options: Partial<Batch> = {}): Batch => {
    const needs = { member: { programId: 'p', userId: name } };
    const queued: QueuedCommand = {
      command: { needs, decide: () => name },
      keys: keysOf(needs),
      submittedMs: nowMs,
      resolve: () => undefined,
      reject: () => void refused.push(name),
    };
    return { ...untried, attempts: 1, blockedSinceMs: nowMs, commands: [queued], ...options };
  };
  /** Takes a batch and tries it in vain. */
  const tryNext = () => {
    const batch = apart.take();
    if (batch === undefined) return undefined;
    apart.replace(batch, [{ ...batch, attempts: batch.attempts + 1, triedMs: nowMs }]);
    return namesOf(batch.commands).join();
  };
  return { apart, batchOf, tryNext, refused, pass: (ms: number) => (nowMs += ms) };
}

function namesOf(commands: readonly QueuedCommand[]): string[] {
  return commands.map(({ command }) => String(command.decide({} as LockedState)));
}

describe('batches that are set apart', () => {
  test('are all tried again, also while fresher ones keep coming', () => {
    const { apart, batchOf, tryNext, pass } = settingOf();
    apart.add([batchOf('old', { attempts: 9 })]);
    const tried = Array.from({ length: 4 }, (_, index) => {
      pass(10);
      apart.add([batchOf(`fresh-${index}`)]);
      return tryNext();
    });
    expect(tried).toContain('old');
  });

  test('are tried in turn, so that one that fails again and again keeps back no other', () => {
    const { apart, batchOf, tryNext, pass } = settingOf();
    apart.add(['a', 'b', 'c'].map((name) => batchOf(name)));
    const tried = new Set<unknown>();
    for (let index = 0; index < 6; index += 1) {
      pass(10);
      apart.add([batchOf(`fresh-${index}`)]);
      tried.add(tryNext());
    }
    expect([...tried]).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });

  test('go by age where they have been tried equally often', () => {
    const { apart, batchOf, tryNext, pass } = settingOf();
    const older = batchOf('older');
    pass(10);
    apart.add([batchOf('younger'), older]);
    expect(tryNext()).toBe('older');
  });

  test('are refused when they have been blocked for too long, even if their turn never came', () => {
    const { apart, batchOf, refused, pass } = settingOf();
    apart.add([batchOf('running')]);
    apart.take();
    apart.add([batchOf('blocked'), batchOf('raced', { blockedSinceMs: untried.blockedSinceMs })]);
    pass(1);
    apart.add([batchOf('later')]);
    pass(4_999);
    const expired = apart.expire();
    expect(refused).toEqual(['blocked']);
    expect(namesOf(expired)).toEqual(['blocked']);
    expect(apart.expire()).toEqual([]);
  });

  test('that are tried together keep their place before later ones of the same member', () => {
    const { apart, batchOf } = settingOf();
    apart.add([
      batchOf('a', { waits: true, triedMs: 2 }),
      batchOf('a', { waits: true, triedMs: 3 }),
      batchOf('b', { waits: true, triedMs: 1 }),
      batchOf('c', { waits: true, triedMs: 4, attempts: 0 }),
    ]);
    expect(namesOf(apart.take()?.commands ?? [])).toEqual(['c']);
    expect(namesOf(apart.take()?.commands ?? [])).toEqual(['b', 'a']);
    expect(apart.take()).toBeUndefined();
  });
});
