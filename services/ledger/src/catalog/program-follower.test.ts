import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, patience } from '@loyalty/local/test-patience.ts';
import { Program_State } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import {
  GetProgramSnapshotResponseSchema,
  ListProgramRevisionsResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { ProgramRevision } from '../app/program-snapshots.ts';
import { ProgramsUnavailable } from '../domain/errors.ts';
import { createProgramCatalog } from './program-catalog.ts';
import { createProgramFollower } from './program-follower.ts';

let stopping: AbortController;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(() => stopping.abort());

/** A Programs service whose programs all have the same revision, and change one after the other. */
function startPrograms() {
  const programs = {
    epoch: 'first',
    changeNumber: 7n,
    revision: 1n,
    changes: [] as string[],
    isAway: false,
    /** How many changes one response has. */
    pageSize: 1_000,
    requests: [] as { epoch: string; after: bigint }[],
    asked: [] as string[],
    change(...programIds: string[]) {
      programs.revision += 1n;
      programs.changes.push(...programIds);
      programs.changeNumber += BigInt(programIds.length);
    },
  };
  const source = {
    async snapshot({ programId }: { programId: string }) {
      if (programs.isAway) throw new ProgramsUnavailable(programId, undefined);
      programs.asked.push(programId);
      const program = { programId, state: Program_State.ACTIVE, timeZone: 'UTC' };
      const { epoch, revision } = programs;
      return create(GetProgramSnapshotResponseSchema, { epoch, program, revision });
    },
    async revisions({ epoch, after }: { epoch: string; after: bigint }) {
      if (programs.isAway) throw new ProgramsUnavailable('any', undefined);
      programs.requests.push({ epoch, after });
      const { revision, changes, changeNumber, pageSize } = programs;
      const first = changeNumber - BigInt(changes.length);
      const isKnown = epoch === programs.epoch && after <= changeNumber;
      const listed = isKnown ? changes.slice(Number(after - first)).slice(0, pageSize) : [];
      return create(ListProgramRevisionsResponseSchema, {
        epoch: programs.epoch,
        revisions: listed.map((programId) => ({ programId, revision })),
        changeNumber: listed.length > 0 ? after + BigInt(listed.length) : changeNumber,
      });
    },
  };
  return { programs, source };
}

/** A ledger that follows it. */
function startFollowing({
  stored = [],
  restMs,
}: {
  stored?: ProgramRevision[];
  restMs?: number;
} = {}) {
  const { programs, source } = startPrograms();
  const logged: string[] = [];
  const log = (...line: unknown[]) => void logged.push(line.at(-1) as string);
  const logger = { info: log, warn: log };
  const snapshots = {
    find: async () => undefined as Uint8Array | undefined,
    keep: async () => undefined,
    listRevisions: async () => stored,
  };
  const { signal } = stopping;
  const catalog = createProgramCatalog({
    source,
    snapshots,
    logger,
    onChange: () => undefined,
    signal,
  });
  const follower = createProgramFollower({
    catalog,
    source,
    snapshots,
    logger,
    signal,
    ...(restMs !== undefined && { restMs }),
  });
  const running = follower.run();
  const revisionOf = async (programId: string) => (await catalog.get(programId)).revision;
  return { catalog, programs, snapshots, logged, follower, running, revisionOf };
}

/** Never looks unless it is woken. */
const asleep = { restMs: 3_600_000 };
/** Looks all the time. */
const restless = { restMs: 1 };

const programIds = Array.from({ length: 1_000 }, (_, index) => `program-${index}`);

test('a change of each of 1000 programs is known within two seconds, though nothing is announced', async () => {
  const { catalog, programs, revisionOf } = startFollowing();
  await Promise.all(programIds.map((programId) => catalog.get(programId)));
  programs.change(...programIds);
  await eventually(async () => {
    for (const programId of programIds) expect(await revisionOf(programId)).toBe(2n);
  }, patience(2_000));
});

test('a change is asked for as soon as it is announced', async () => {
  const { programs, follower, revisionOf } = startFollowing(asleep);
  expect(await revisionOf('wine-dine')).toBe(1n);
  await eventually(() => expect(programs.requests).toHaveLength(1));
  programs.change('wine-dine');
  follower.wake();
  await eventually(async () => expect(await revisionOf('wine-dine')).toBe(2n));
});

test('only what has changed since the last request is asked for', async () => {
  const { programs, follower, catalog } = startFollowing(asleep);
  await eventually(() => expect(programs.requests).toEqual([{ epoch: '', after: 0n }]));
  await Promise.all(['wine-dine', 'coffee'].map((programId) => catalog.get(programId)));
  programs.asked.length = 0;
  programs.change('coffee', 'of-others', 'coffee');
  follower.wake();
  await eventually(() => expect(programs.requests.at(-1)).toEqual({ epoch: 'first', after: 10n }));
  await eventually(() => expect(programs.asked).toEqual(['coffee']));
});

test('changes that one response can’t hold are asked for in several requests at once', async () => {
  const { programs, follower, revisionOf } = startFollowing(asleep);
  const ids = programIds.slice(0, 25);
  for (const programId of ids) await revisionOf(programId);
  programs.pageSize = 10;
  programs.change(...ids);
  follower.wake();
  await eventually(async () => {
    for (const programId of ids) expect(await revisionOf(programId)).toBe(2n);
  });
});

test('what was stored is loaded at the start, before anybody asks for it', async () => {
  const stored = programIds.map((programId) => ({ programId, epoch: 'first', revision: 1n }));
  const { catalog, programs } = startFollowing({ stored });
  await eventually(() => expect(programs.asked).toHaveLength(programIds.length));
  await Promise.all(programIds.map((programId) => catalog.get(programId)));
  expect(programs.asked.toSorted()).toEqual(programIds.toSorted());
});

test('a program that was read before the first request, and has changed meanwhile, is read again', async () => {
  const { programs, catalog } = startFollowing();
  await catalog.get('wine-dine');
  await eventually(() => expect(programs.asked).toEqual(['wine-dine', 'wine-dine']));
});

describe('a restored database', () => {
  test.each([
    { sign: 'another epoch', change: { epoch: 'second', changeNumber: 9n } },
    { sign: 'a smaller number', change: { changeNumber: 5n } },
  ])('is noticed by $sign, and all that is kept is asked for again', async ({ change }) => {
    const { programs, follower, catalog } = startFollowing(asleep);
    await eventually(() => expect(programs.requests).toHaveLength(1));
    await Promise.all(['wine-dine', 'coffee'].map((programId) => catalog.get(programId)));
    programs.asked.length = 0;
    Object.assign(programs, change);
    follower.wake();
    await eventually(() => expect(programs.asked.toSorted()).toEqual(['coffee', 'wine-dine']));
    follower.wake();
    const next = { epoch: programs.epoch, after: programs.changeNumber };
    await eventually(() => expect(programs.requests.at(-1)).toEqual(next));
  });
});

test('while the Programs service is away, what another replica stores is found', async () => {
  const stored: ProgramRevision[] = [];
  const { programs, snapshots, revisionOf } = startFollowing({ stored, ...restless });
  expect(await revisionOf('wine-dine')).toBe(1n);
  programs.isAway = true;
  const [programId, epoch, revision] = ['wine-dine', 'first', 2n] as const;
  const program = { programId, state: Program_State.ACTIVE, timeZone: 'UTC' };
  const snapshot = create(GetProgramSnapshotResponseSchema, { epoch, program, revision });
  snapshots.find = async () => toBinary(GetProgramSnapshotResponseSchema, snapshot);
  stored.push({ programId, epoch, revision });
  await eventually(async () => expect(await revisionOf(programId)).toBe(2n));
});

test('that the Programs service is away is said once, and that it is back', async () => {
  const { programs, logged, revisionOf } = startFollowing(restless);
  await revisionOf('program-1');
  await eventually(() => expect(programs.requests.length).toBeGreaterThan(2));
  programs.isAway = true;
  await eventually(() => expect(logged).toHaveLength(1));
  programs.change('program-1');
  programs.isAway = false;
  await eventually(async () => expect(await revisionOf('program-1')).toBe(2n));
  expect(logged).toEqual([
    'changes of programs could not be polled',
    'changes of programs are polled again',
  ]);
});

test('it ends when it is told to', async () => {
  const { running } = startFollowing();
  stopping.abort();
  await expect(running).resolves.toBeUndefined();
});
