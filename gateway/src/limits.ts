import {
  type CallerLimitsOptions,
  defaultCallerLimits,
} from '@loyalty/platform/rpc/caller-limits.ts';
import { defaultLimits as rpcLimits } from '@loyalty/platform/rpc/limits.ts';
import type { DownloadLimitsOptions } from './reference/download-limits.ts';

/** What the gateway lets its callers have of it. */
export interface GatewayLimits {
  /** Connections that are open. When more come, the address that has the most idle ones loses one. */
  readonly connectionsMax: number;
  /** Age from which on a connection is closed after a response, so that clients spread over new replicas. */
  readonly connectionAgeMsMax: number;
  /** Callers without a known token at once from one address; those that were refused count for half a second. */
  readonly strangersPerAddressMax: number;
  /** Requests in flight of all callers. */
  readonly callsInFlightMax: number;
  /** Bytes of bodies in memory, of all callers. */
  readonly bytesInFlightMax: number;
  /** What each caller may have. */
  readonly callers: CallerLimitsOptions;
  /** What may be on its way of the pages that need no token. */
  readonly downloads: DownloadLimitsOptions;
  readonly bodyBytesMax: number;
  /** Time that a request, headers and body, may take to arrive. */
  readonly requestArrivalMsMax: number;
  /** Time in which nothing moves on a connection that has a request, such as one whose responses aren't read. */
  readonly silenceMsMax: number;
  /** Time that a service may take to respond. */
  readonly callMsMax: number;
}

export const defaultLimits: GatewayLimits = {
  connectionsMax: rpcLimits.connectionsMax,
  connectionAgeMsMax: rpcLimits.connectionAgeMsMax,
  strangersPerAddressMax: rpcLimits.strangersPerAddressMax,
  callsInFlightMax: 4096,
  bytesInFlightMax: 128 * 1024 * 1024,
  callers: defaultCallerLimits,
  // For one address, the whole reference 16 times at once, or three times without a content coding.
  downloads: { addressBytesMax: 8 * 1024 * 1024, bytesMax: 32 * 1024 * 1024 },
  bodyBytesMax: 1024 * 1024,
  requestArrivalMsMax: 15_000,
  silenceMsMax: rpcLimits.silenceMsMax,
  callMsMax: 10_000,
};
