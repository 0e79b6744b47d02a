import { LRUCache } from 'lru-cache';
import type { ProgramCatalog } from '../app/program-catalog.ts';
import type { ProgramRevision } from '../app/program-snapshots.ts';
import { ProgramNotFound } from '../domain/errors.ts';
import { CachedProgram, type CachedProgramOptions } from './cached-program.ts';

export interface ProgramCatalogOptions extends Omit<CachedProgramOptions, 'onGone'> {
  /** The maximum number of programs in memory: the most recently used ones. */
  programsMax?: number;
}

/** The ledger's knowledge of programs, with the ways in which it is kept up to date. */
export interface ProgramCache extends ProgramCatalog {
  /** Keeps a program that nobody has used yet. The next refresh loads it. */
  keep(programId: string): void;
  /** Notes a change, and requests it. A program that isn't kept is loaded when it is next used. */
  markChanged(change: ProgramRevision): void;
  /** Notes that any program may have changed in any way, and asks for all that are kept. */
  invalidateAll(epoch: string): void;
  /** Asks again for all that aren't known to be current. */
  refreshStale(): void;
  /** Takes what another replica has stored of a program that is kept, if it is newer than what is known here. */
  adoptNewerStored(stored: ProgramRevision): Promise<void>;
}

/** Also the number of stored definitions that are loaded at startup. */
export const programsMaxByDefault = 10_000;
/** How many programs are requested at the same time, apart from those that a command waits for. */
const refreshesMax = 4;
/** How long the absence of a program is cached. */
const absentMs = 2_000;
const absentMax = 10_000;

/**
 * Definitions in memory. A program is asked for at the Programs service the first time, and where that is down taken
 * from what was stored when it last responded: this way the ledger goes on without it, also over a restart.
 */
export function createProgramCatalog({
  programsMax = programsMaxByDefault,
  ...options
}: ProgramCatalogOptions): ProgramCache {
  const programs = new LRUCache<string, CachedProgram>({ max: programsMax });
  const absent = new LRUCache<string, true>({ max: absentMax, ttl: absentMs });
  const waiting = new Set<string>();
  let refreshes = 0;

  function kept(programId: string): CachedProgram {
    let program = programs.get(programId);
    if (program === undefined) {
      program = new CachedProgram(programId, { ...options, onGone });
      programs.set(programId, program);
    }
    return program;
  }

  /** @throws {ProgramNotFound} for one that didn't exist a moment ago */
  function existing(programId: string): CachedProgram {
    if (absent.has(programId)) throw new ProgramNotFound(programId);
    return kept(programId);
  }

  function onGone(program: CachedProgram, error: unknown): void {
    const { programId } = program;
    // One that wasn't used lately may be here again.
    if (programs.peek(programId) === program) programs.delete(programId);
    if (error instanceof ProgramNotFound) absent.set(programId, true);
  }

  function refreshSoon(programId: string): void {
    waiting.add(programId);
    if (refreshes < refreshesMax) void refreshWaiting();
  }

  async function refreshWaiting(): Promise<void> {
    refreshes += 1;
    for (const programId of waiting) {
      waiting.delete(programId);
      if (!options.signal.aborted) await programs.peek(programId)?.refresh();
    }
    refreshes -= 1;
  }

  return {
    get: async (programId) => await existing(programId).get(),
    getLatest: async (programId) => await existing(programId).getLatest(),
    keep: (programId) => void kept(programId),

    markChanged(change) {
      const { programId } = change;
      absent.delete(programId);
      if (programs.peek(programId)?.markChanged(change)) refreshSoon(programId);
    },

    invalidateAll(epoch) {
      absent.clear();
      for (const program of programs.values()) {
        program.invalidate(epoch);
        refreshSoon(program.programId);
      }
    },

    refreshStale() {
      for (const program of programs.values()) {
        if (program.needsRefresh) refreshSoon(program.programId);
      }
    },

    async adoptNewerStored(stored) {
      await programs.peek(stored.programId)?.adoptNewerStored(stored);
    },
  };
}
