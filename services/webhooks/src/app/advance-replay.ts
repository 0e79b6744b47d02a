import type { Instant } from '@loyalty/rules/instant.ts';
import { wants } from '../domain/webhook.ts';
import type { WebhookEvent } from './delivery-store.ts';
import { type Journal, type JournalEvent, JournalRefused } from './journal.ts';
import type { LeasedReplay, ReplayContinuation, ReplayStore } from './replay-store.ts';

export interface ReplayingApp {
  readonly replays: Pick<ReplayStore, 'lease' | 'advance' | 'noteFailure'>;
  readonly journal: Journal;
  /** What webhooks get of an event; undefined for one that they don't get. */
  readonly readEvent: (event: JournalEvent) => WebhookEvent | undefined;
  readonly clock: () => Instant;
  /** Has the workers look for deliveries at once. */
  readonly wakeWorkers: () => void;
}

/** Longer than it takes to read a page and to write its deliveries. */
const leaseMs = 20_000;
const retryMs = 5_000;
/** What an endpoint is behind while no more is read for it: some seconds of a quick one. */
const pendingMax = 2_000;
/** An entry is committed within this time after its own, or never. */
const commitMsMax = 60_000;

/** Marks the next page of a replay for delivery; false if there is none to do now. */
export async function advanceReplay(app: ReplayingApp): Promise<boolean> {
  const replay = await app.replays.lease({ now: app.clock(), leaseMs, pendingMax });
  if (replay === undefined) return false;
  try {
    const { events, nextPageToken } = await app.journal.read(replay);
    await app.replays.advance(replay, {
      events: events
        .flatMap((event) => app.readEvent(event) ?? [])
        .filter(({ type }) => wants(replay, type)),
      next: continuationOf(replay, nextPageToken),
      now: app.clock(),
    });
    app.wakeWorkers();
  } catch (error) {
    const now = app.clock();
    await app.replays.noteFailure(replay, {
      error: Error.isError(error) ? error.message.slice(0, 500) : String(error),
      retryTime: error instanceof JournalRefused ? undefined : now + retryMs,
      now,
    });
  }
  return true;
}

function continuationOf(
  { range, readSince }: LeasedReplay,
  nextPageToken: string,
): ReplayContinuation {
  if (nextPageToken !== '') return { kind: 'PAGE', pageToken: nextPageToken };
  if ('userId' in range) return { kind: 'DONE' };
  // What was being committed while its place was read has been missed.
  const time = range.to + commitMsMax;
  return readSince >= time
    ? { kind: 'DONE' }
    : { kind: 'AGAIN', from: Math.max(range.from, range.to - commitMsMax), time };
}
