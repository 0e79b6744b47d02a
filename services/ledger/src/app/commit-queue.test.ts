import { describe, expect, test } from '@jest/globals';
import { MembershipNotFound, StorageUnavailable } from '../domain/errors.ts';
import { createCommitQueue } from './commit-queue.ts';
import {
  type Command,
  type CommitToLedger,
  type LockedState,
  LostRace,
  type Outcome,
  RefusedByStorage,
} from './ledger-store.ts';

/** A command that answers its name, once the commit that it was part of succeeds. */
function command(name: string): Command<string> {
  return {
    needs: { member: { programId: 'p', userId: name } },
    decide: () => name,
  };
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
  fail: (users: string[], attempt: number) => Error | undefined = () => undefined,
) {
  const batches: string[][] = [];
  const commit: CommitToLedger = async (commands) => {
    const users = commands.map(({ needs }) => needs.member?.userId ?? '');
    batches.push(users);
    await new Promise(setImmediate);
    const failure = fail(users, batches.length);
    if (failure !== undefined) throw failure;
    return commands.map(outcomeOf);
  };
  return { batches, commit };
}

describe('commands are gathered', () => {
  test('what arrives while a commit runs goes into the next one', async () => {
    const { batches, commit } = recordingCommit();
    const queue = createCommitQueue({ commit, maxInFlight: 1, maxBatch: 3 });
    const answers = ['a', 'b', 'c', 'd', 'e'].map((name) => queue.submit(command(name)));
    expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  test('those of a series are decided in their order, though others are committed at the same time', async () => {
    const ends: (() => void)[] = [];
    const batches: string[][] = [];
    const commit: CommitToLedger = async (commands) => {
      batches.push(commands.map(({ needs }) => needs.member?.userId ?? ''));
      await new Promise<void>((resolve) => ends.push(resolve));
      return commands.map(outcomeOf);
    };
    const queue = createCommitQueue({ commit, maxInFlight: 2, maxBatch: 2 });
    const [series, another] = [{}, {}];
    const answers = [
      ...['a', 'b', 'c'].map((name) => queue.submit(command(name), series)),
      queue.submit(command('x')),
      queue.submit(command('y'), another),
      queue.submit(command('d'), series),
    ];
    const endNext = async () => {
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      ends.shift()?.();
    };
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

  test('one that is refused does not disturb the others of its batch', async () => {
    const { commit } = recordingCommit();
    const queue = createCommitQueue({ commit });
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

  test('more than can wait are turned away at once', async () => {
    const { commit } = recordingCommit();
    const queue = createCommitQueue({ commit, maxWaiting: 2 });
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
    const queue = createCommitQueue({ commit });
    await expect(queue.submit(command('a'))).resolves.toBe('a');
    expect(batches).toHaveLength(3);
  });

  test('a race that is lost again and again is answered as contention', async () => {
    const { commit } = recordingCommit(() => new LostRace('lost'));
    const queue = createCommitQueue({ commit });
    await expect(queue.submit(command('a'))).rejects.toMatchObject({ reason: 'CONTENTION' });
  });

  test('the culprit is found and the others are committed', async () => {
    const { commit } = recordingCommit((users) =>
      users.includes('bad') ? new RefusedByStorage('bad value') : undefined,
    );
    const queue = createCommitQueue({ commit });
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
    const recovered = createCommitQueue({ commit: once.commit });
    await expect(recovered.submit(command('a'))).resolves.toBe('a');

    const away = recordingCommit(() => new StorageUnavailable('gone'));
    const queue = createCommitQueue({ commit: away.commit });
    await expect(queue.submit(command('a'))).rejects.toMatchObject({
      reason: 'STORAGE_UNAVAILABLE',
    });
    expect(away.batches).toHaveLength(2);
  });
});
