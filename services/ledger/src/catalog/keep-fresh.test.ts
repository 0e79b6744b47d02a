import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Program_State } from '@loyalty/proto/loyalty/programs/v1/program_pb.ts';
import { GetProgramSnapshotResponseSchema } from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import { eventually } from '../../test/eventually.ts';
import { ProgramsUnavailable } from '../domain/errors.ts';
import { keepFresh } from './keep-fresh.ts';
import { createProgramCatalog } from './program-catalog.ts';

let stopping: AbortController;
beforeEach(() => {
  stopping = new AbortController();
});
afterEach(() => stopping.abort());

/** A ledger to which nothing is announced, and the Programs service that it asks. */
function startUnannounced({ stored = [] }: { stored?: string[] } = {}) {
  const programs = { revision: 1n, isAway: false, asked: 0 };
  const logged: string[] = [];
  const log = (...line: unknown[]) => void logged.push(line.at(-1) as string);
  const logger = { info: log, warn: log };
  const source = {
    async snapshot({ programId }: { programId: string }) {
      if (programs.isAway) throw new ProgramsUnavailable(programId, undefined);
      programs.asked += 1;
      const program = { programId, state: Program_State.ACTIVE, timeZone: 'UTC' };
      const { revision } = programs;
      return create(GetProgramSnapshotResponseSchema, { program, revision });
    },
    async revisions(programIds: readonly string[]) {
      if (programs.isAway) throw new ProgramsUnavailable('any', undefined);
      return programIds.map((programId) => ({ programId, revision: programs.revision }));
    },
  };
  const snapshots = {
    find: async () => undefined,
    keep: async () => undefined,
    listRevisions: async () => stored.map((programId) => ({ programId, revision: 1n })),
  };
  const { signal } = stopping;
  const catalog = createProgramCatalog({
    source,
    snapshots,
    logger,
    onChange: () => undefined,
    signal,
  });
  const running = keepFresh({ catalog, source, snapshots, logger, signal });
  return { catalog, programs, logged, running };
}

const programIds = Array.from({ length: 1_000 }, (_, index) => `program-${index}`);

test('a change of each of 1000 programs is known within two seconds, though nothing is announced', async () => {
  const { catalog, programs } = startUnannounced();
  await Promise.all(programIds.map((programId) => catalog.get(programId)));
  programs.revision = 2n;
  await eventually(async () => {
    for (const programId of programIds) {
      expect((await catalog.get(programId)).revision).toBe(2n);
    }
  }, 2_000);
});

test('what was stored is loaded at the start, before anybody asks for it', async () => {
  const { catalog, programs } = startUnannounced({ stored: programIds });
  await eventually(() => expect(programs.asked).toBe(programIds.length));
  await Promise.all(programIds.map((programId) => catalog.get(programId)));
  expect(programs.asked).toBe(programIds.length);
});

test('that the Programs service is away is said once, and that it is back', async () => {
  const { catalog, programs, logged } = startUnannounced();
  await catalog.get('program-1');
  programs.isAway = true;
  await eventually(() => expect(logged).toHaveLength(1));
  programs.revision = 2n;
  programs.isAway = false;
  await eventually(async () => expect((await catalog.get('program-1')).revision).toBe(2n));
  expect(logged).toEqual([
    'changes of programs are not looked for',
    'changes of programs are noticed again',
  ]);
});

test('it ends when it is told to', async () => {
  const { running } = startUnannounced();
  stopping.abort();
  await expect(running).resolves.toBeUndefined();
});
