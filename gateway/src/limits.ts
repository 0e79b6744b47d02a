/** What the gateway lets its callers have of it. */
export interface GatewayLimits {
  readonly bodyBytesMax: number;
  /** Time that a request, headers and body, may take to arrive. */
  readonly requestArrivalMsMax: number;
  /** Time that a service may take to respond. */
  readonly callMsMax: number;
}

export const defaultLimits: GatewayLimits = {
  bodyBytesMax: 1024 * 1024,
  requestArrivalMsMax: 15_000,
  callMsMax: 10_000,
};
