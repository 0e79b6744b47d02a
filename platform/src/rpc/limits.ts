/** What one server lets its callers have of it. */
export interface RpcLimits {
  /** Largest request, in bytes. */
  readonly requestBytesMax: number;
  /** Largest response. Responses are made to fit into less; what lies between is room for what no one thought of. */
  readonly responseBytesMax: number;
  /** Connections that are open, of each port. When more come, the address that has the most idle ones loses one. */
  readonly connectionsMax: number;
  /** Calls at once on one connection; more wait at the client. */
  readonly streamsPerConnectionMax: number;
  /** Streams of health and reflection at once from one address; nobody needs a token for them. */
  readonly publicStreamsPerAddressMax: number;
  /** Bytes that the caller may send on such a stream. */
  readonly publicStreamBytesMax: number;
  /** Callers without a known token at once from one address; those that were refused count for half a second. */
  readonly strangersPerAddressMax: number;
  /** Refusals of unknown callers from one address that haven't been read, on streams of HTTP/2. */
  readonly unreadRefusalsPerAddressMax: number;
  /** Calls at once on all connections; more are refused with OVERLOADED. */
  readonly callsInFlightMax: number;
  /** Bytes of requests in memory, of all callers; more are refused with OVERLOADED. */
  readonly bytesInFlightMax: number;
  /** Age at which a connection is closed, so that clients spread over new replicas. */
  readonly connectionAgeMsMax: number;
  /** Idle time after which a connection is closed. */
  readonly connectionIdleMsMax: number;
  /** Time that a request may take to arrive, headers and body. */
  readonly requestArrivalMsMax: number;
  /** Time that a response may take to be read. */
  readonly responseReadingMsMax: number;
  /** Time in which nothing moves on a connection of HTTP/1.1 that has a request, such as one whose responses aren't read. */
  readonly silenceMsMax: number;
}

export const defaultLimits: RpcLimits = {
  requestBytesMax: 4 * 1024 * 1024,
  responseBytesMax: 8 * 1024 * 1024,
  connectionsMax: 4096,
  streamsPerConnectionMax: 100,
  publicStreamsPerAddressMax: 64,
  strangersPerAddressMax: 64,
  unreadRefusalsPerAddressMax: 64,
  publicStreamBytesMax: 64 * 1024,
  callsInFlightMax: 4096,
  bytesInFlightMax: 128 * 1024 * 1024,
  connectionAgeMsMax: 5 * 60_000,
  connectionIdleMsMax: 5 * 60_000,
  requestArrivalMsMax: 15_000,
  responseReadingMsMax: 15_000,
  silenceMsMax: 60_000,
};
