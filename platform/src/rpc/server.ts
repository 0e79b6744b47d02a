import type { Registry } from 'prom-client';
import type { TokenVerifier } from '../auth/tokens.ts';
import type { Logger } from '../logging.ts';
import type { Mountable } from './handler.ts';
import type { RpcLimits } from './limits.ts';

export interface Listen {
  host: string;
  /** 0 takes a free port; `start` tells which. */
  port: number;
}

export interface RpcServerOptions {
  /** The service's name in logs. */
  name: string;
  logger: Logger;
  verifier: TokenVerifier;
  services: readonly Mountable[];
  grpc: Listen;
  http: Listen;
  /** Rejects while the service can't do its work, such as when its database is away. Asked at most about once a second. */
  readiness: () => Promise<void>;
  /** Deadline of calls that bring none. */
  defaultDeadlineMs: number;
  /** Where call metrics are registered, and what `/metrics` shows. */
  metrics: Registry;
  /** Gives an error without a reason the one it deserves, such as a driver's lost connection; what it doesn't know it returns as it is. */
  translateError?: (error: unknown) => unknown;
  limits?: Partial<RpcLimits>;
}

export interface RpcServer {
  /** Listens on both ports. */
  start(): Promise<{ grpcPort: number; httpPort: number }>;
  /** Says that it isn't ready, refuses new connections, lets calls end and cuts what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** Serves the same handlers over gRPC and over Connect, gRPC-Web and JSON. Throws, naming the method, if one has no access rule. */
export declare function createRpcServer(options: RpcServerOptions): RpcServer;
