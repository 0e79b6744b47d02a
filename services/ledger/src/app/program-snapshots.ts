/** A program's revision. */
export interface ProgramRevision {
  readonly programId: string;
  /** Names the history in which the revision counts: another one after the Programs service's database was restored. */
  readonly epoch: string;
  /** Grows with every change of the program. */
  readonly revision: bigint;
}

/** The last known definition of a program, in the form in which the catalog keeps it. */
export interface ProgramSnapshot extends ProgramRevision {
  readonly content: Uint8Array;
  /** The most days before a date that it wants notices; 0 if it wants none. */
  readonly noticeDays: number;
}

/**
 * Stored copies of programs, for when the Programs service is down. All methods throw
 * {@link StorageUnavailable} when the database is down.
 */
export interface ProgramSnapshots {
  find(programId: string): Promise<Uint8Array | undefined>;
  /** The revisions of those that are kept. */
  listRevisions(query: { limit: number }): Promise<ProgramRevision[]>;
  /** Keeps the snapshot unless a newer one of its epoch is there. */
  keep(snapshot: ProgramSnapshot): Promise<void>;
}
