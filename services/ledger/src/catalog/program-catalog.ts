import { LRUCache } from 'lru-cache';
import type { ProgramCatalog } from '../app/program-catalog.ts';
import type { ProgramRevision } from '../app/program-snapshots.ts';
import { ProgramNotFound } from '../domain/errors.ts';
import { KeptProgram, type KeptProgramOptions } from './kept-program.ts';

export interface ProgramCatalogOptions extends Omit<KeptProgramOptions, 'onGone'> {
  /** How many programs are kept in memory, those that were asked for last. */
  programsMax?: number;
}

/** The ledger's knowledge of programs, with the ways in which it is kept up to date. */
export interface KeptCatalog extends ProgramCatalog {
  /** Keeps a program though nobody has asked for it yet. */
  keep(programId: string): void;
  /** Says that a program has changed. One that isn't kept is left until somebody asks for it. */
  hear(change: ProgramRevision): void;
  /** Says that anything may have changed, or was read before changes that won't be heard of. */
  doubtAll(epoch: string): void;
  /** Asks again for all that isn't known to be current. */
  refresh(): void;
  /** Says what another replica has stored, while the Programs service can't be asked from here. */
  recall(stored: ProgramRevision): Promise<void>;
}

/** Also how many of the stored definitions are of use. */
export const programsMaxByDefault = 10_000;
/** How many programs are asked for at the same time, apart from those that somebody waits for. */
const refreshesMax = 4;
/** How long nobody asks again about a program that doesn't exist. */
const absentMs = 2_000;
const absentMax = 10_000;

/**
 * Definitions in memory. A program is asked for at the Programs service the first time, and where that is away taken
 * from what was stored when it answered last: this way the ledger goes on without it, also over a restart.
 */
export function createProgramCatalog({
  programsMax = programsMaxByDefault,
  ...options
}: ProgramCatalogOptions): KeptCatalog {
  const programs = new LRUCache<string, KeptProgram>({ max: programsMax });
  const absent = new LRUCache<string, true>({ max: absentMax, ttl: absentMs });
  const waiting = new Set<string>();
  let refreshes = 0;

  function kept(programId: string): KeptProgram {
    let program = programs.get(programId);
    if (program === undefined) {
      if (absent.has(programId)) throw new ProgramNotFound(programId);
      program = new KeptProgram(programId, { ...options, onGone });
      programs.set(programId, program);
    }
    return program;
  }

  function onGone(program: KeptProgram, error: unknown): void {
    const { programId } = program;
    // One that wasn't used lately may be here anew.
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
    get: async (programId) => await kept(programId).get(),
    getLatest: async (programId) => await kept(programId).getLatest(),
    keep: (programId) => void kept(programId),

    hear(change) {
      const { programId } = change;
      absent.delete(programId);
      if (programs.peek(programId)?.hear(change)) refreshSoon(programId);
    },

    doubtAll(epoch) {
      absent.clear();
      for (const program of programs.values()) {
        program.doubt(epoch);
        refreshSoon(program.programId);
      }
    },

    refresh() {
      for (const program of programs.values()) {
        if (program.needsAnswer) refreshSoon(program.programId);
      }
    },

    recall: async (stored) => await kept(stored.programId).recall(stored),
  };
}
