import { setTimeout as delay } from 'node:timers/promises';
import { fromBinary } from '@bufbuild/protobuf';
import type { Logger } from '@loyalty/platform/logging.ts';
import { abortable } from '@loyalty/platform/waiting.ts';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { ProgramCatalog, ProgramDefinition } from '../app/program-catalog.ts';
import type { ProgramRevision, ProgramSnapshots } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import { type EncodedProgram, encoded, snapshotBytes } from './encoded-program.ts';
import { definitionOf } from './program-definition.ts';
import type { ProgramSource } from './program-source.ts';
import { sharedBeforeStart } from './shared-before-start.ts';
import { createTurns } from './turns.ts';

export interface ProgramCatalogOptions {
  source: Pick<ProgramSource, 'snapshot'>;
  snapshots: Pick<ProgramSnapshots, 'find' | 'keep'>;
  logger: Pick<Logger, 'warn'>;
  /** Called with each definition that replaces another one. */
  onChange: (after: ProgramDefinition, before: ProgramDefinition) => void;
  /** Aborted when the process stops. */
  signal: AbortSignal;
}

/** The ledger's knowledge of programs, with the ways in which it is kept up to date. */
export interface KeptCatalog extends ProgramCatalog {
  /** The programs whose changes matter here: somebody has asked for them, at whichever replica. */
  readonly followed: ReadonlySet<string>;
  follow(programId: string): void;
  /** Says that a program has reached a revision. One that isn't followed is left until it is. */
  announce(change: ProgramRevision): void;
}

/** How many programs are loaded at the same time, apart from those that somebody waits for. */
const loadsMax = 4;
/** How long nobody asks again about a program that doesn't exist. */
const absentMs = 2_000;
const absentMax = 10_000;
const retryFirstMs = 100;
const retryLastMs = 2_000;
/** How long an earn waits for a program that isn't known here yet. The answer is awaited longer, for later ones. */
const patienceMs = 1_000;

/**
 * Definitions in memory. A program is asked for at the Programs service the first time, and where that is away taken
 * from what was stored when it answered last: this way the ledger goes on without it, also over a restart.
 */
export function createProgramCatalog(options: ProgramCatalogOptions): KeptCatalog {
  const { source, snapshots, logger, signal } = options;
  const known = new Map<string, ProgramDefinition>();
  /** The same programs in the form in which they are stored. */
  const encodedPrograms = new Map<string, EncodedProgram>();
  const followed = new Set<string>();
  const absentUntil = new Map<string, number>();
  /** The revision that a program has to reach, while it is being brought there. */
  const wanted = new Map<string, bigint>();
  const inTurn = createTurns(loadsMax);
  /** Programs whose definitions are being stored. */
  const storing = new Set<string>();
  const askOnce = shared(ask);
  const askLatest = sharedBeforeStart(ask);
  const load = shared(async (programId) => {
    followed.add(programId);
    try {
      return await askOrRecall(programId);
    } finally {
      // What isn't there needs no watching.
      if (!known.has(programId)) followed.delete(programId);
    }
  });

  async function askOrRecall(programId: string): Promise<ProgramDefinition> {
    try {
      return await patiently(askOnce(programId), programId);
    } catch (error) {
      if (error instanceof ProgramNotFound) noteAbsent(programId);
      if (!(error instanceof ProgramsUnavailable)) throw error;
      const definition = await adoptStored(programId);
      if (definition === undefined) throw error;
      logger.warn({ err: error, programId }, 'using the stored definition of a program');
      return definition;
    }
  }

  async function patiently(
    answer: Promise<ProgramDefinition>,
    programId: string,
  ): Promise<ProgramDefinition> {
    const patience = AbortSignal.timeout(patienceMs);
    try {
      return await abortable(answer, patience);
    } catch (error) {
      throw error === patience.reason ? new ProgramsUnavailable(programId, error) : error;
    }
  }

  async function ask(programId: string): Promise<ProgramDefinition> {
    const knownRevision = known.get(programId)?.revision ?? 0n;
    const snapshot = await source.snapshot({ programId, knownRevision });
    const before = known.get(programId);
    const definition = adopt(snapshot);
    if (before?.revision !== definition.revision) void store(programId);
    return definition;
  }

  async function adoptStored(programId: string): Promise<ProgramDefinition | undefined> {
    const stored = await snapshots.find(programId);
    return stored && adopt(fromBinary(GetProgramSnapshotResponseSchema, stored));
  }

  // Answers may overtake each other: an older one never replaces a newer one.
  function adopt(snapshot: GetProgramSnapshotResponse): ProgramDefinition {
    const programId = snapshot.program?.programId ?? '';
    const before = known.get(programId);
    if (before !== undefined && before.revision >= snapshot.revision) return before;
    const after = definitionOf(snapshot, before);
    known.set(programId, after);
    encodedPrograms.set(programId, encoded(snapshot, encodedPrograms.get(programId)));
    if (before !== undefined) options.onChange(after, before);
    return after;
  }

  // The ledger works without it until its next start: neither earns nor the next change wait for it, and a failure only
  // leaves the one before. Of changes that follow each other fast, the last is stored.
  async function store(programId: string): Promise<void> {
    if (storing.has(programId)) return;
    storing.add(programId);
    try {
      for (let stored = 0n; !signal.aborted; ) {
        const revision = known.get(programId)?.revision;
        const program = encodedPrograms.get(programId);
        if (revision === undefined || program === undefined || revision <= stored) break;
        await snapshots.keep({ programId, revision, content: snapshotBytes(program) });
        stored = revision;
      }
    } catch (error) {
      logger.warn({ err: error, programId }, 'the definition of a program could not be stored');
    }
    storing.delete(programId);
  }

  function noteAbsent(programId: string): void {
    if (absentUntil.size >= absentMax) absentUntil.clear();
    absentUntil.set(programId, Date.now() + absentMs);
  }

  function hasReached(programId: string, revision: bigint): boolean {
    const definition = known.get(programId);
    return definition !== undefined && definition.revision >= revision;
  }

  /** Tries until the program is known in the revision or a later one. */
  async function bringTo(programId: string, revision: bigint): Promise<void> {
    const running = wanted.get(programId);
    if (running === undefined || running < revision) wanted.set(programId, revision);
    if (running !== undefined) return;
    for (
      let retryMs = retryFirstMs;
      !signal.aborted;
      retryMs = Math.min(retryMs * 2, retryLastMs)
    ) {
      if (await inTurn(() => refresh(programId))) break;
      await pause(retryMs, signal);
    }
    wanted.delete(programId);
  }

  /** Whether the program is now as new as it has to be. If not by asking, then by what another replica was answered. */
  async function refresh(programId: string): Promise<boolean> {
    const revision = wanted.get(programId) ?? 0n;
    for (const attempt of [ask, adoptStored]) {
      try {
        await attempt(programId);
      } catch (error) {
        logger.warn({ err: error, programId }, 'a program could not be brought up to date');
      }
      // Meanwhile it may have changed again: then it is asked for again, and not looked for among what is stored.
      if (hasReached(programId, revision)) break;
    }
    return hasReached(programId, wanted.get(programId) ?? 0n);
  }

  async function get(programId: string): Promise<ProgramDefinition> {
    const definition = known.get(programId);
    if (definition !== undefined) return definition;
    const until = absentUntil.get(programId);
    if (until !== undefined) {
      if (Date.now() < until) throw new ProgramNotFound(programId);
      absentUntil.delete(programId);
    }
    return await load(programId);
  }

  return {
    followed,
    follow: (programId) => void followed.add(programId),
    get,

    async getLatest(programId) {
      if (!known.has(programId)) return await get(programId);
      try {
        return await patiently(askLatest(programId), programId);
      } catch (error) {
        if (!(error instanceof ProgramsUnavailable)) throw error;
        return await get(programId);
      }
    },

    announce({ programId, revision }) {
      absentUntil.delete(programId);
      // One that is being loaded is followed, too: it may have been read just before the change.
      if (!followed.has(programId) || hasReached(programId, revision)) return;
      void bringTo(programId, revision);
    },
  };
}

/** Work on a program that is shared by all who want it while it runs. */
function shared(
  work: (programId: string) => Promise<ProgramDefinition>,
): (programId: string) => Promise<ProgramDefinition> {
  const running = new Map<string, Promise<ProgramDefinition>>();
  return (programId) => {
    let result = running.get(programId);
    if (result === undefined) {
      result = work(programId).finally(() => running.delete(programId));
      running.set(programId, result);
    }
    return result;
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
