/** The last known definition of a program, in the form in which the catalog keeps it. */
export interface ProgramSnapshot {
  readonly programId: string;
  readonly revision: bigint;
  readonly content: Uint8Array;
}

/**
 * What the ledger remembers of programs while the Programs service is away. All methods throw
 * {@link StorageUnavailable} when the database is away.
 */
export interface ProgramSnapshots {
  find(programId: string): Promise<Uint8Array | undefined>;
  /** The programs that have one. */
  listIds(): Promise<string[]>;
  /** Keeps the snapshot unless a newer one is there. */
  keep(snapshot: ProgramSnapshot): Promise<void>;
}
