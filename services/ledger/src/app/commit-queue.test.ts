import { describe, expect, test } from '@jest/globals';
import { MembershipNotFound, StorageUnavailable } from '../domain/errors.ts';
import { type CommitQueue, createCommitQueue } from './commit-queue.ts';
import {
  type Command,
  type CommitToLedger,
  type LockedState,
  LockTimeout,
  LostRace,
  type Needs,
  type Outcome,
  RefusedByStorage,
} from './ledger-store.ts';

/** A command that answers its name, once the commit that it was part of succeeds. By default each has a member of its own. */
function command(name: string, needs?: Needs): Command<string> {
  return {
    needs: needs ?? { member: { programId: 'p', userId: name } },
    decide: () => name,
  };
}

function nameOf({ decide }: Command<unknown>): string {
  return String(decide({} as LockedState));
}

function outcomeOf({ decide }: Command<unknown>): Outcome {
  try {
    return { result: decide({} as LockedState) };
  } catch (error) {
    return { error };
  }
}

/** Records the batches it is asked to commit; `fail` may refuse one. */
function recordingCommit(
  fail: (names: string[], attempt: number) => Error | undefined = () => undefined,
) {
  const batches: string[][] = [];
  const commit: CommitToLedger = async (commands) => {
    const names = commands.map(nameOf);
    batches.push(names);
    await new Promise(setImmediate);
    const failure = fail(names, batches.length);
    if (failure !== undefined) throw failure;
    return commands.map(outcomeOf);
  };
  return { batches, commit };
}

/** Records the batches, and commits each when the test says so. */
function pausingCommit() {
  const ends: (() => void)[] = [];
  const batches: string[][] = [];
  const commit: CommitToLedger = async (commands) => {
    batches.push(commands.map(nameOf));
    await new Promise<void>((resolve) => ends.push(resolve));
    return commands.map(outcomeOf);
  };
  const endNext = async () => {
    await endTurn();
    ends.shift()?.();
  };
  return { batches, commit, endNext };
}

/** After it, what was scheduled has begun. */
async function endTurn(): Promise<void> {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
}

describe('commands are gathered', () => {
  test('what arrives while a commit runs goes into the next one', async () => {
    const { batches, commit } = recordingCommit();
    const { queue } = createCommitQueue({ commit, maxInFlight: 1, maxBatch: 3 });
    const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => queue.submit(command(name)));
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  test('a batch that is small beside the one being committed grows until it is worth a database transaction', async () => {
    const { batches, commit, endNext } = pausingCommit();
    // The clock stands still, so that no time passes for the first batch.
    const { queue } = createCommitQueue({ commit, now: () => 0 });
    const first = ['a', 'b', 'c', 'd'].map((name) => queue.submit(command(name)));
    await endTurn();
    const second = ['e', 'f'].map((name) => queue.submit(command(name)));
    await endTurn();
    expect(batches).toEqual([['a', 'b', 'c', 'd']]);
    const third = queue.submit(command('g'));
    await endTurn();
    expect(batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f', 'g'],
    ]);
    await endNext();
    await endNext();
    await Promise.all([...first, ...second, third]);
  });

  test('a batch that is small is committed when the one before ends', async () => {
    const { batches, commit, endNext } = pausingCommit();
    const { queue } = createCommitQueue({ commit, now: () => 0 });
    const first = ['a', 'b'].map((name) => queue.submit(command(name)));
    await endTurn();
    const late = queue.submit(command('c'));
    await endNext();
    await Promise.all(first);
    await endNext();
    await late;
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  test('a batch that is small does not wait for one that stands still', async () => {
    const { batches, commit, endNext } = pausingCommit();
    const { queue } = createCommitQueue({ commit });
    const first = ['a', 'b'].map((name) => queue.submit(command(name)));
    await endTurn();
    const late = queue.submit(command('c'));
    while (batches.length < 2) await endTurn();
    expect(batches).toEqual([['a', 'b'], ['c']]);
    await endNext();
    await endNext();
    await Promise.all([...first, late]);
  });

  test('those of a member are decided in their order, while others are committed at the same time', async () => {
    const { batches, commit, endNext } = pausingCommit();
    const { queue } = createCommitQueue({ commit, maxInFlight: 2, maxBatch: 2 });
    const alice = { member: { programId: 'p', userId: 'alice' } };
    const answers = [
      ...['a', 'b', 'c'].map((name) => queue.submit(command(name, alice))),
      queue.submit(command('x')),
      queue.submit(command('y')),
      queue.submit(command('d', alice)),
    ];
    await endNext();
    expect(batches).toEqual([
      ['a', 'b'],
      ['x', 'y'],
    ]);
    await endNext();
    await endNext();
    expect(batches.slice(2)).toEqual([['c', 'd']]);
    await endNext();
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'x', 'y', 'd']);
  });

  test('those who want the same limited reward are committed one batch after the other', async () => {
    const { batches, commit, endNext } = pausingCommit();
    const { queue } = createCommitQueue({ commit });
    const redeem = (userId: string) =>
      command(userId, {
        member: { programId: 'p', userId },
        stock: { programId: 'p', rewardId: 'glass' },
      });
    const answers = [queue.submit(redeem('a'))];
    await endTurn();
    answers.push(queue.submit(redeem('b')), queue.submit(command('x')));
    await endTurn();
    expect(batches).toEqual([['a'], ['x']]);
    await endNext();
    await endTurn();
    expect(batches.slice(2)).toEqual([['b']]);
    await endNext();
    await endNext();
    await Promise.all(answers);
  });

  test('one that is refused does not disturb the others of its batch', async () => {
    const { commit } = recordingCommit();
    const { queue } = createCommitQueue({ commit });
    const refusing: Command<string> = {
      ...command('bad'),
      decide: () => {
        throw new MembershipNotFound();
      },
    };
    const outcomes = await Promise.allSettled([
      queue.submit(command('a')),
      queue.submit(refusing),
      queue.submit(command('b')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('load is shed', () => {
  /** Commits batches of two, one after the other; its clock goes on when the test says so. */
  function slowQueue() {
    let nowMs = 0;
    const { commit, endNext } = pausingCommit();
    const queues = createCommitQueue({
      commit,
      maxBatch: 2,
      maxInFlight: 1,
      maxWaitMs: 350,
      refuseAfterMs: 0,
      now: () => nowMs,
    });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    const endBatchAfter = async (ms: number) => {
      await endTurn();
      pass(ms);
      await endNext();
      await endTurn();
    };
    return { ...queues, pass, endBatchAfter };
  }

  /** Submits `count` commands, and returns the errors of those that are turned away at once. */
  async function refusalsOf(queue: CommitQueue, count: number): Promise<unknown[]> {
    const refusals: unknown[] = [];
    for (let n = 0; n < count; n += 1) {
      const name = `${Math.random()}`;
      queue.submit(command(name)).catch((error: unknown) => refusals.push(error));
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    await endTurn();
    return refusals;
  }

  test('by the time that a command would wait, as the last batches took it', async () => {
    const { queue, patientQueue, endBatchAfter } = slowQueue();
    expect(await refusalsOf(queue, 80)).toEqual([]);
    for (let n = 0; n < 40; n += 1) await endBatchAfter(100);
    // Four batches are committed in time, or nearly.
    const refusals = await refusalsOf(queue, 100);
    expect(refusals).toHaveLength(92);
    expect(refusals[0]).toMatchObject({ reason: 'OVERLOADED' });
    expect(await refusalsOf(patientQueue, 100)).toEqual([]);
    expect(await refusalsOf(queue, 1)).toHaveLength(1);
    for (let n = 0; n < 54; n += 1) await endBatchAfter(100);
    expect(await refusalsOf(queue, 4)).toEqual([]);
  });

  test('while a batch does not come back', async () => {
    const { queue, pass, endBatchAfter } = slowQueue();
    expect(await refusalsOf(queue, 2)).toEqual([]);
    pass(400);
    // What fits into the next batch is let in.
    expect(await refusalsOf(queue, 3)).toMatchObject([{ retryAfterMs: 400 }]);
    await endBatchAfter(0);
    expect(await refusalsOf(queue, 2)).toEqual([]);
  });

  test('by count, so that those who wait have room in memory', async () => {
    const { commit } = recordingCommit();
    const { queue } = createCommitQueue({ commit, maxWaiting: 2, refuseAfterMs: 0 });
    const waiting = [queue.submit(command('a')), queue.submit(command('b'))];
    await expect(queue.submit(command('c'))).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await Promise.all(waiting);
    await expect(queue.submit(command('d'))).resolves.toBe('d');
  });
});

describe('when a commit fails', () => {
  test('a race that was lost is run again', async () => {
    const { batches, commit } = recordingCommit((_, attempt) =>
      attempt < 3 ? new LostRace('lost') : undefined,
    );
    const { queue } = createCommitQueue({ commit });
    await expect(queue.submit(command('a'))).resolves.toBe('a');
    expect(batches).toHaveLength(3);
  });

  test('a race that is lost again and again is answered as contention', async () => {
    const { commit } = recordingCommit(() => new LostRace('lost'));
    const { queue } = createCommitQueue({ commit });
    await expect(queue.submit(command('a'))).rejects.toMatchObject({ reason: 'CONTENTION' });
  });

  test('those who lose a race are told, and not those who lost it with them', async () => {
    const { commit } = recordingCommit((names) =>
      names.includes('racing') ? new LostRace('lost') : undefined,
    );
    const { queue } = createCommitQueue({ commit });
    const names = Array.from({ length: 99 }, (_, index) => `${index}`);
    const outcomes = await Promise.allSettled(
      ['racing', ...names].map((name) => queue.submit(command(name))),
    );
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      false,
      ...names.map(() => true),
    ]);
    expect(outcomes[0]).toMatchObject({ reason: { reason: 'CONTENTION' } });
  });

  test('the culprit is found and the others are committed', async () => {
    const { commit } = recordingCommit((users) =>
      users.includes('bad') ? new RefusedByStorage('bad value') : undefined,
    );
    const { queue } = createCommitQueue({ commit });
    const names = ['a', 'b', 'bad', 'c', 'd'];
    const outcomes = await Promise.allSettled(names.map((name) => queue.submit(command(name))));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });

  test('an answer that was lost is asked for once more, then the caller is told', async () => {
    const once = recordingCommit((_, attempt) =>
      attempt === 1 ? new StorageUnavailable('gone') : undefined,
    );
    const { queue: recovered } = createCommitQueue({ commit: once.commit });
    await expect(recovered.submit(command('a'))).resolves.toBe('a');

    const away = recordingCommit(() => new StorageUnavailable('gone'));
    const { queue } = createCommitQueue({ commit: away.commit });
    await expect(queue.submit(command('a'))).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
    expect(away.batches).toHaveLength(2);
  });
});

describe('what somebody else has locked', () => {
  /** Commits everything but what is locked, as rows or as keys; its clock goes on with each time-out. */
  function lockedCommit() {
    const rows = new Set<string>();
    const keys = new Set<string>();
    const batches: string[][] = [];
    let nowMs = 0;
    const commit: CommitToLedger = async (commands, { waits }) => {
      const names = commands.map(nameOf);
      batches.push(names);
      await new Promise(setImmediate);
      const isTimeout = names.some((name) => keys.has(name) || (waits && rows.has(name)));
      if (isTimeout) nowMs += 250;
      if (isTimeout) throw new LockTimeout('locked');
      return commands.map((each) => (rows.has(nameOf(each)) ? 'BLOCKED' : outcomeOf(each)));
    };
    const { queue, patientQueue } = createCommitQueue({ commit, now: () => nowMs });
    const pass = (ms: number) => {
      nowMs += ms;
    };
    return { rows, keys, batches, queue, patientQueue, pass };
  }

  const others = Array.from({ length: 500 }, (_, index) => `${index}`);

  test('holds up those who need it, until they get it', async () => {
    const { rows, queue } = lockedCommit();
    rows.add('a');
    let isDone = false;
    const blocked = queue.submit(command('a')).then(() => {
      isDone = true;
    });
    await Promise.all(others.map((name) => queue.submit(command(name))));
    await expect(queue.submit(command('later'))).resolves.toBe('later');
    expect(isDone).toBe(false);
    rows.delete('a');
    await blocked;
  });

  test('fills no room of those who do not need it', async () => {
    const { rows, queue, patientQueue } = lockedCommit();
    rows.add('a');
    const blocked = [patientQueue.submit(command('a'))];
    await endTurn();
    for (let n = 0; n < 20_001; n += 1) blocked.push(patientQueue.submit(command('a')));
    const settled = Promise.allSettled(blocked);
    await endTurn();
    await expect(queue.submit(command('b'))).resolves.toBe('b');
    rows.delete('a');
    await settled;
  });

  test('of a batch is let in or refused as a whole', async () => {
    const { queue } = lockedCommit();
    const together = await queue.together();
    const names = Array.from({ length: 2_000 }, (_, index) => `${index}`);
    const outcomes = await Promise.all(names.map((name) => together.submit(command(name))));
    expect(outcomes).toEqual(names);
  });

  test('holds up those of a key that is not committed, and not those in their batch', async () => {
    const { keys, batches, queue } = lockedCommit();
    keys.add('a');
    let isDone = false;
    const blocked = queue.submit(command('a')).then(() => {
      isDone = true;
    });
    await Promise.all(others.map((name) => queue.submit(command(name))));
    expect(isDone).toBe(false);
    // All, one part of eight, one of 63, one of 8; and by then perhaps the one that stands alone.
    expect(batches.filter((names) => names.includes('a')).length).toBeLessThanOrEqual(5);
    keys.delete('a');
    await blocked;
  });

  test('is waited for as long as a stopped process may keep it, and not longer', async () => {
    const { rows, keys, queue } = lockedCommit();
    rows.add('row');
    keys.add('key');
    for (const name of ['row', 'key']) {
      await expect(queue.submit(command(name))).rejects.toMatchObject({
        reason: 'CONTENTION',
        retryAfterMs: 100,
      });
    }
    await expect(queue.submit(command('other'))).resolves.toBe('other');
  });

  test('is not waited for any longer by those whose turn to try again never came', async () => {
    const { keys, batches, queue } = lockedCommit();
    const names = others.slice(0, 100);
    for (const name of names) keys.add(name);
    const outcomes = await Promise.allSettled(names.map((name) => queue.submit(command(name))));
    expect(outcomes.map(({ status }) => status)).toEqual(names.map(() => 'rejected'));
    // Each time-out takes 250 ms of the five seconds, and two transactions are under way when these are over.
    expect(batches.length).toBeLessThanOrEqual(24);
    keys.clear();
    const again = await Promise.all(names.map((name) => queue.submit(command(name))));
    expect(again).toEqual(names);
  });

  test('keeps the commands of a member in their order', async () => {
    const { rows, queue } = lockedCommit();
    const alice = { member: { programId: 'p', userId: 'alice' } };
    const order: string[] = [];
    const submit = async (name: string) => {
      await queue.submit(command(name, alice));
      order.push(name);
    };
    rows.add('first');
    const first = submit('first');
    await endTurn();
    const second = submit('second');
    await queue.submit(command('other'));
    expect(order).toEqual([]);
    rows.delete('first');
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });
});
