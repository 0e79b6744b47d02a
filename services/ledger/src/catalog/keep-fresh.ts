import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@loyalty/platform/logging.ts';
import type { ProgramSnapshots } from '../app/program-snapshots.ts';
import type { KeptCatalog } from './program-catalog.ts';
import type { ProgramSource } from './program-source.ts';

export interface KeepFreshOptions {
  catalog: Pick<KeptCatalog, 'followed' | 'follow' | 'announce'>;
  source: Pick<ProgramSource, 'revisions'>;
  snapshots: Pick<ProgramSnapshots, 'listRevisions'>;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Ends it. */
  signal: AbortSignal;
}

/** Twice within the two seconds in which a version has to be known before it counts. */
const lookMs = 1_000;

/**
 * Looks every second which programs have changed: announcements are faster, but some may never come. The first look
 * loads what was known before the process started.
 */
export async function keepFresh(options: KeepFreshOptions): Promise<void> {
  const { logger, signal } = options;
  let isFailing = false;
  while (!signal.aborted) {
    try {
      await lookForChanges(options);
      if (isFailing) logger.info('changes of programs are noticed again');
      isFailing = false;
    } catch (error) {
      if (!isFailing) logger.warn({ err: error }, 'changes of programs are not looked for');
      isFailing = true;
    }
    await delay(lookMs, undefined, { signal }).catch(() => undefined);
  }
}

// What other replicas have stored comes first: it is known also while the Programs service can't be reached from here.
async function lookForChanges({ catalog, source, snapshots }: KeepFreshOptions): Promise<void> {
  for (const stored of await snapshots.listRevisions()) {
    catalog.follow(stored.programId);
    catalog.announce(stored);
  }
  for (const reached of await source.revisions([...catalog.followed])) catalog.announce(reached);
}
