import type { Logger } from '@loyalty/platform/logging.ts';
import { pause } from '@loyalty/platform/waiting.ts';
import type { ProgramSnapshots } from '../app/program-snapshots.ts';
import { type ProgramCache, programsMaxByDefault } from './program-catalog.ts';
import type { ProgramSource } from './program-source.ts';

export interface ProgramFollowerOptions {
  catalog: Pick<
    ProgramCache,
    'keep' | 'markChanged' | 'invalidateAll' | 'refreshStale' | 'adoptNewerStored'
  >;
  source: Pick<ProgramSource, 'revisions'>;
  snapshots: Pick<ProgramSnapshots, 'listRevisions'>;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Ends it. */
  signal: AbortSignal;
  /** How long it rests until it is woken; by default twice within the two seconds in which a version has to be known. */
  restMs?: number;
}

export interface ProgramFollower {
  /** Makes the follower ask for changes at once. Cheap; may be called for every change. */
  wake(): void;
  /** Follows until the signal aborts. */
  run(): Promise<void>;
}

/**
 * Asks the Programs service what has changed after the last change that it knows about, every second and whenever it
 * is woken. The first look brings back what was kept before the process started.
 */
export function createProgramFollower(options: ProgramFollowerOptions): ProgramFollower {
  const { catalog, source, snapshots, logger, signal, restMs = 1_000 } = options;
  let epoch = '';
  let changeNumber = 0n;
  let awake = new AbortController();
  let isFailing = false;

  const storedRevisions = () => snapshots.listRevisions({ limit: programsMaxByDefault });

  async function look(): Promise<void> {
    if (epoch === '') for (const { programId } of await storedRevisions()) catalog.keep(programId);
    while (await readChanges());
    catalog.refreshStale();
  }

  /** Whether there may be more. */
  async function readChanges(): Promise<boolean> {
    const list = await source.revisions({ epoch, after: changeNumber });
    const isSameHistory = list.epoch === epoch && list.changeNumber >= changeNumber;
    const hasMore = isSameHistory && list.changeNumber > changeNumber;
    ({ epoch, changeNumber } = list);
    // What was read before this number was known may be older than it.
    if (!isSameHistory) catalog.invalidateAll(epoch);
    for (const change of list.revisions) catalog.markChanged({ ...change, epoch });
    return hasMore;
  }

  async function adoptNewerStored(): Promise<void> {
    for (const stored of await storedRevisions()) await catalog.adoptNewerStored(stored);
  }

  async function round(): Promise<void> {
    try {
      await look();
      if (isFailing) logger.info('changes of programs are polled again');
      isFailing = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!isFailing) logger.warn({ err: error }, 'changes of programs could not be polled');
      isFailing = true;
      // Another replica may have got a response. If the database fails as well, nothing is left to try.
      await adoptNewerStored().catch(() => undefined);
    }
  }

  return {
    wake: () => awake.abort(),

    async run() {
      signal.addEventListener('abort', () => awake.abort(), { once: true });
      while (!signal.aborted) {
        // A call of wake from here on is about something that this round may miss.
        awake = new AbortController();
        await round();
        await pause(restMs, awake.signal);
      }
    },
  };
}
