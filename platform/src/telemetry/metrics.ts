import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the process reports at `/metrics`: the runtime's own figures, and what is registered later. */
export function createRegistry(options: { service: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

export interface RpcMetrics {
  started(call: { method: string; transport: 'grpc' | 'connect' }): void;
  /** `code` is the gRPC status by name, e.g. `NOT_FOUND`. */
  finished(call: {
    method: string;
    transport: 'grpc' | 'connect';
    code: string;
    durationSeconds: number;
  }): void;
}

/** Duration, number and outcome of calls. Labels take a bounded number of values: never a path or an id. */
export function rpcMetrics(registry: Registry): RpcMetrics {
  const durations = new Histogram({
    name: 'rpc_server_duration_seconds',
    help: 'Time from the arrival of a call to its response',
    labelNames: ['method', 'transport', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'rpc_server_in_flight',
    help: 'Calls in progress',
    labelNames: ['method', 'transport'],
    registers: [registry],
  });
  return {
    started: (call) => inFlight.inc(call),
    finished: ({ method, transport, code, durationSeconds }) => {
      inFlight.dec({ method, transport });
      durations.observe({ method, transport, code }, durationSeconds);
    },
  };
}
