import type { Instant } from '@loyalty/rules/instant.ts';

export type ReplayState = 'RUNNING' | 'DONE' | 'FAILED';

/** Which past events. */
export type ReplayRange =
  | { readonly from: Instant; readonly to: Instant }
  | { readonly userId: string; readonly fromSequence: bigint };

export interface Replay {
  readonly state: ReplayState;
  readonly events: bigint;
  readonly error: string;
  readonly createTime: Instant;
  readonly updateTime: Instant;
}

/** A replay whose next page a worker has to itself for a while. */
export interface LeasedReplay {
  readonly webhookId: string;
  readonly programId: string;
  readonly eventTypes: readonly string[];
  readonly range: ReplayRange;
  readonly pageToken: string;
  /** When the reading of its range began. */
  readonly readSince: Instant;
  /** Identifies the lease. */
  readonly lease: string;
}

export interface ReplayStore {
  /** Begins a replay in place of an earlier one; false while that is under way. */
  begin(webhookId: string, range: ReplayRange, now: Instant): Promise<boolean>;
  /**
   * Takes a replay whose next page can be read, if there is one: its webhook is enabled, and not more than `pendingMax` of what it
   * has brought are due.
   */
  lease(query: {
    now: Instant;
    leaseMs: number;
    pendingMax: number;
  }): Promise<LeasedReplay | undefined>;
  /**
   * Marks a page of events for delivery, first time or again, and moves the replay on in the same transaction. Has no effect
   * if another worker has it meanwhile, or the webhook is no longer enabled.
   */
  advance(replay: LeasedReplay, step: ReplayStep): Promise<void>;
  /** Notes why a page couldn't be read; it is tried again at `retryTime`, or never where there is none. */
  noteFailure(
    replay: LeasedReplay,
    failure: { error: string; retryTime: Instant | undefined; now: Instant },
  ): Promise<void>;
}

/** What a page brought. */
export interface ReplayStep {
  readonly events: readonly ReplayedEvent[];
  readonly next: ReplayContinuation;
  readonly now: Instant;
}

export interface ReplayedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly body: string;
}

export type ReplayContinuation =
  | { readonly kind: 'PAGE'; readonly pageToken: string }
  /** Once more over the end of the range, where entries that were being committed may have been missed. */
  | { readonly kind: 'AGAIN'; readonly from: Instant; readonly time: Instant }
  | { readonly kind: 'DONE' };
