/** What the bench sends to a process that it measures. */
export type ProbeRequest =
  | { readonly probe: 'begin'; readonly profile: boolean }
  | { readonly probe: 'end'; readonly profileFile: string | undefined }
  | { readonly probe: 'memory' };

/** What the process answers to `end`: its costs since `begin`. */
export interface ProcessUsage {
  /** User and system, all threads. */
  readonly cpuUs: number;
  /** On the JavaScript heap; buffers aren't on it. */
  readonly allocatedBytes: number;
  /** The time for which collections stopped JavaScript. */
  readonly collectingUs: number;
  readonly residentBytes: number;
}

export interface ProbeAnswer {
  readonly probe: ProbeRequest['probe'];
  readonly usage?: ProcessUsage;
  readonly residentBytes?: number;
}
