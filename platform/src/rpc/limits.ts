/** What one server lets its callers have of it. */
export interface RpcLimits {
  /** Largest request, and largest response, in bytes. */
  readonly messageBytesMax: number;
  /** Calls at once on one connection; more wait at the client. */
  readonly streamsPerConnectionMax: number;
  /** Calls at once on all connections; more are refused with OVERLOADED. */
  readonly callsInFlightMax: number;
  /** Age at which a gRPC connection is closed, so that clients spread over new replicas. */
  readonly connectionAgeMsMax: number;
  /** Idle time after which a connection is closed. */
  readonly connectionIdleMsMax: number;
  /** Time that a request's headers, and the whole of an HTTP/1.1 request, may take to arrive. */
  readonly requestArrivalMsMax: number;
}

export const defaultLimits: RpcLimits = {
  messageBytesMax: 4 * 1024 * 1024,
  streamsPerConnectionMax: 100,
  callsInFlightMax: 4096,
  connectionAgeMsMax: 5 * 60_000,
  connectionIdleMsMax: 5 * 60_000,
  requestArrivalMsMax: 15_000,
};
