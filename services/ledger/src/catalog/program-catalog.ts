import { setTimeout as delay } from 'node:timers/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Logger } from '@loyalty/platform/logging.ts';
import {
  type GetProgramSnapshotResponse,
  GetProgramSnapshotResponseSchema,
} from '@loyalty/proto/loyalty/programs/v1/program_service_pb.ts';
import type { ProgramCatalog, ProgramDefinition } from '../app/program-catalog.ts';
import type { ProgramSnapshots } from '../app/program-snapshots.ts';
import { ProgramNotFound, ProgramsUnavailable } from '../domain/errors.ts';
import { definitionOf } from './program-definition.ts';
import type { ProgramSource } from './program-source.ts';
import { createTurns } from './turns.ts';

export interface ProgramCatalogOptions {
  source: ProgramSource;
  snapshots: ProgramSnapshots;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Called with each definition that replaces another one. */
  onChange: (after: ProgramDefinition, before: ProgramDefinition) => void;
  /** Aborted when the process stops. */
  signal: AbortSignal;
  /** Whether announcements come at present; while they don't, known programs are asked about every second. */
  isAnnounced: () => boolean;
}

/** The ledger's knowledge of programs, with the ways in which it is kept up to date. */
export interface KeptCatalog extends ProgramCatalog {
  /** Says that a program has reached a revision. One that nobody has ever asked for here is left alone. */
  announce(change: { programId: string; revision: bigint }): void;
  /**
   * Loads every program that was known before the process started: only of what is loaded are changes followed, and
   * the Programs service may be away when it is needed next.
   */
  loadStored(): Promise<void>;
  /** Asks again about every program known, now and then, until the signal aborts. */
  keepFresh(): Promise<void>;
}

/** How many programs are loaded at the same time, apart from those that somebody waits for. */
const loadsMax = 4;
/** How long nobody asks again about a program that doesn't exist. */
const absentMs = 2_000;
const absentMax = 10_000;
const retryFirstMs = 100;
const retryLastMs = 2_000;
/** How often known programs are asked about again, should an announcement have been lost. */
const refreshMs = 60_000;
/** The same while none can come: a version has to be known within the two seconds before it counts. */
const unannouncedRefreshMs = 1_000;

/**
 * Definitions in memory. A program is asked for at the Programs service the first time, and where that is away taken
 * from what was stored when it answered last: this way the ledger goes on without it, also over a restart.
 */
export function createProgramCatalog(options: ProgramCatalogOptions): KeptCatalog {
  const { source, snapshots, logger, signal } = options;
  const known = new Map<string, ProgramDefinition>();
  const absentUntil = new Map<string, number>();
  const loading = new Map<string, Promise<ProgramDefinition>>();
  /** The revision that a program has to reach, while it is being brought there. */
  const wanted = new Map<string, bigint>();
  const inTurn = createTurns(loadsMax);

  function load(programId: string): Promise<ProgramDefinition> {
    let load = loading.get(programId);
    if (load === undefined) {
      load = firstDefinition(programId).finally(() => loading.delete(programId));
      loading.set(programId, load);
    }
    return load;
  }

  async function firstDefinition(programId: string): Promise<ProgramDefinition> {
    try {
      return await ask(programId);
    } catch (error) {
      if (error instanceof ProgramNotFound) noteAbsent(programId);
      if (!(error instanceof ProgramsUnavailable)) throw error;
      const definition = await adoptStored(programId);
      if (definition === undefined) throw error;
      logger.warn({ err: error, programId }, 'using the stored definition of a program');
      void bringTo(programId, definition.revision);
      return definition;
    }
  }

  async function ask(programId: string): Promise<ProgramDefinition> {
    const snapshot = await source(programId);
    const before = known.get(programId);
    const definition = adopt(snapshot);
    if (before?.revision !== definition.revision) await store(programId, snapshot);
    return definition;
  }

  async function adoptStored(programId: string): Promise<ProgramDefinition | undefined> {
    const stored = await snapshots.find(programId);
    return stored && adopt(fromBinary(GetProgramSnapshotResponseSchema, stored));
  }

  /** What the Programs service answers now; undefined, and logged, if that fails. */
  async function askAgain(programId: string): Promise<ProgramDefinition | undefined> {
    try {
      return await ask(programId);
    } catch (error) {
      logger.warn({ err: error, programId }, 'a program could not be asked for again');
    }
    try {
      // It may have answered another replica.
      await adoptStored(programId);
    } catch (error) {
      logger.warn({ err: error, programId }, 'the definition of a program could not be read');
    }
    return undefined;
  }

  // Answers may overtake each other: an older one never replaces a newer one.
  function adopt(snapshot: GetProgramSnapshotResponse): ProgramDefinition {
    const programId = snapshot.program?.programId ?? '';
    const before = known.get(programId);
    if (before !== undefined && before.revision >= snapshot.revision) return before;
    const after = definitionOf(snapshot, before);
    known.set(programId, after);
    if (before !== undefined) options.onChange(after, before);
    return after;
  }

  // The ledger works without it until its next start, so that a failure is no reason to refuse an earn.
  async function store(programId: string, snapshot: GetProgramSnapshotResponse): Promise<void> {
    try {
      await snapshots.keep({
        programId,
        revision: snapshot.revision,
        content: toBinary(GetProgramSnapshotResponseSchema, snapshot),
      });
    } catch (error) {
      logger.warn({ err: error, programId }, 'the definition of a program could not be stored');
    }
  }

  function noteAbsent(programId: string): void {
    if (absentUntil.size >= absentMax) absentUntil.clear();
    absentUntil.set(programId, Date.now() + absentMs);
  }

  /** Asks until the Programs service has answered with the revision or a later one. */
  async function bringTo(programId: string, revision: bigint): Promise<void> {
    const running = wanted.get(programId);
    if (running === undefined || running < revision) wanted.set(programId, revision);
    if (running !== undefined) return;
    for (
      let retryMs = retryFirstMs;
      !signal.aborted;
      retryMs = Math.min(retryMs * 2, retryLastMs)
    ) {
      const answered = await inTurn(() => askAgain(programId));
      if (answered !== undefined && answered.revision >= (wanted.get(programId) ?? 0n)) break;
      await pause(retryMs, signal);
    }
    wanted.delete(programId);
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

  async function loadAnnounced(programId: string, revision: bigint): Promise<void> {
    try {
      const stored = await inTurn(() => snapshots.find(programId));
      if (stored !== undefined) await bringTo(programId, revision);
    } catch (error) {
      logger.warn({ err: error, programId }, 'a program that has changed could not be loaded');
    }
  }

  return {
    get,

    announce({ programId, revision }) {
      absentUntil.delete(programId);
      const definition = known.get(programId);
      // One that is being loaded may have been read just before the change.
      if (definition === undefined && !loading.has(programId)) {
        void loadAnnounced(programId, revision);
      } else if (definition === undefined || definition.revision < revision) {
        void bringTo(programId, revision);
      }
    },

    async loadStored() {
      try {
        const programIds = await snapshots.listIds();
        await Promise.allSettled(
          programIds.map((programId) =>
            inTurn(async () => (signal.aborted ? undefined : await get(programId))),
          ),
        );
      } catch (error) {
        logger.warn({ err: error }, 'the programs known before could not be loaded');
      }
    },

    async keepFresh() {
      let dueMs = nextRefresh();
      while (!signal.aborted) {
        await pause(unannouncedRefreshMs, signal);
        if (options.isAnnounced() && Date.now() < dueMs) continue;
        dueMs = nextRefresh();
        for (const programId of known.keys()) {
          if (signal.aborted) return;
          await askAgain(programId);
        }
      }
    },
  };
}

/** Not the same for all replicas that started together. */
function nextRefresh(): number {
  return Date.now() + refreshMs * (0.75 + Math.random() / 2);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
