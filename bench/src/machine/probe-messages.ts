/** What the bench sends to a process that it measures. */
export type ProbeRequest =
  | { readonly probe: 'begin'; readonly profile: boolean }
  | { readonly probe: 'end'; readonly profileFile: string | undefined }
  | { readonly probe: 'memory' };

/** The response of the process to `end`: its costs since `begin`. */
export interface ProcessUsage {
  /** User and system, all threads. */
  readonly cpuUs: number;
  /** Allocated on the JavaScript heap, which excludes buffers. */
  readonly allocatedBytes: number;
  /** The time for which collections stopped JavaScript. */
  readonly collectingUs: number;
  readonly residentBytes: number;
}

export interface ProbeResponse {
  readonly probe: ProbeRequest['probe'];
  readonly usage?: ProcessUsage;
  readonly residentBytes?: number;
}
