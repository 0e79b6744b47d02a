/** How far a program has come: its revision grows with every change of it. */
export interface ProgramRevision {
  readonly programId: string;
  readonly revision: bigint;
}

/** The last known definition of a program, in the form in which the catalog keeps it. */
export interface ProgramSnapshot extends ProgramRevision {
  readonly content: Uint8Array;
}

/**
 * What the ledger remembers of programs while the Programs service is away. All methods throw
 * {@link StorageUnavailable} when the database is away.
 */
export interface ProgramSnapshots {
  find(programId: string): Promise<Uint8Array | undefined>;
  /** The revisions of all that are kept. */
  listRevisions(): Promise<ProgramRevision[]>;
  /** Keeps the snapshot unless a newer one is there. */
  keep(snapshot: ProgramSnapshot): Promise<void>;
}
