import type { Registry } from 'prom-client';
import type { TokenVerifier } from '../auth/tokens.ts';
import type { Logger } from '../logging.ts';
import { createManagementPort } from '../management-port.ts';
import { rpcMetrics } from '../telemetry/metrics.ts';
import type { CertificateSource } from '../tls/certificates.ts';
import { createAdmissions } from './admissions.ts';
import {
  type CallerLimitsOptions,
  createCallerLimits,
  defaultCallerLimits,
} from './caller-limits.ts';
import { createConnectTransport } from './connect-transport.ts';
import { createGrpcTransport } from './grpc-transport.ts';
import type { Mountable } from './handler.ts';
import { createHealthService } from './health.ts';
import { createHttpPort } from './http-port.ts';
import { answerProblem } from './http-problem.ts';
import { createIdentification } from './identification.ts';
import { defaultLimits, type RpcLimits } from './limits.ts';
import { createPipeline } from './pipeline.ts';
import { createReadiness } from './readiness.ts';
import { createReflectionServices } from './reflection.ts';
import { createTrust, type TrustedCallers } from './trusted-callers.ts';

export interface Listen {
  host: string;
  /** 0 takes a free port; `start` returns which. */
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
  /** Where it serves /livez, /readyz and /metrics. */
  management: Listen;
  /**
   * Rejects while the service can't do its work, such as when its database is down. Asked about once a second at most.
   */
  readiness: () => Promise<void>;
  /** Deadline of calls that bring none. */
  defaultDeadlineMs: number;
  /** Where call metrics are registered, and what `/metrics` shows. */
  metrics: Registry;
  /**
   * Gives an error without a reason the one that it deserves, such as STORAGE_UNAVAILABLE to a driver's lost
   * connection; what it doesn't know it returns as it is.
   */
  translateError?: (error: unknown) => unknown;
  limits?: Partial<RpcLimits>;
  /** What each caller may have; the defaults when absent. */
  callerLimits?: CallerLimitsOptions;
  /** The certificates of the gRPC and HTTP ports; no TLS if absent. The management port never has it. */
  tls?: CertificateSource | undefined;
  /** Gateways that have already limited their callers. */
  trustedCallers?: TrustedCallers;
}

export interface RpcPorts {
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly managementPort: number;
}

export interface RpcServer {
  /** Listens on all ports. Rejects, with none open, if one is taken. */
  start(): Promise<RpcPorts>;
  /** Says that it isn't ready, refuses new connections, lets calls end and cuts what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Serves the same handlers over gRPC (with health and reflection) and over Connect, gRPC-Web and JSON, and the management
 * port beside them. Throws, naming the method, if one has no usable access rule, streams, or has no handler.
 */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const { services, verifier, defaultDeadlineMs } = options;
  const logger = options.logger.child({ server: options.name });
  const limits = { ...defaultLimits, ...options.limits };
  const { tls } = options;
  const isTrusted = createTrust(options.trustedCallers ?? []);
  const pipeline = createPipeline({
    logger,
    identify: createIdentification({
      verifier,
      perAddressMax: limits.strangersPerAddressMax,
      isTrusted,
    }),
    metrics: rpcMetrics(options.metrics),
    defaultDeadlineMs,
    callsInFlightMax: limits.callsInFlightMax,
    admit: createAdmissions({
      callerLimits: createCallerLimits(options.callerLimits ?? defaultCallerLimits),
      bytesInFlightMax: limits.bytesInFlightMax,
      isTrusted,
    }),
    translateError: options.translateError ?? ((error) => error),
  });
  const readiness = createReadiness(options.readiness, logger);
  const health = createHealthService(
    readiness,
    services.map(({ service }) => service.typeName),
  );
  const reflection = createReflectionServices([
    ...services.map(({ service }) => service.file),
    health.file,
  ]);
  const grpcTransport = createGrpcTransport({
    pipeline,
    services,
    bareServices: [health, ...reflection],
    limits,
    tls,
  });
  const connectTransport = createConnectTransport({ pipeline, services, limits, logger });
  const httpPort = createHttpPort(
    (request, response) => {
      if (connectTransport(request, response)) return;
      answerProblem(response, {
        status: 404,
        title: 'Not found',
        detail: 'There is nothing at this path',
      });
    },
    { limits, tls },
  );
  const management = createManagementPort({
    isReady: () => readiness.isReady(),
    metrics: options.metrics,
  });
  const close = async (graceMs: number) => {
    await Promise.all([grpcTransport.close(graceMs), httpPort.close(graceMs)]);
    // Last, because until then orchestrators ask whether the process lives, and aren't to send it calls.
    await management.close();
  };

  return {
    async start() {
      try {
        return {
          grpcPort: await grpcTransport.listen(options.grpc),
          httpPort: await httpPort.listen(options.http),
          managementPort: await management.listen(options.management),
        };
      } catch (error) {
        await close(0);
        throw error;
      }
    },
    async stop(graceMs) {
      readiness.drain();
      health.endWatches();
      await close(graceMs);
    },
  };
}
