import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What the process reports at `/metrics`: the runtime's own figures, and what is registered later. */
export function createRegistry(options: { service: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** The methods of a process, one at a time. */
export type RpcMetrics = (method: { method: string; transport: 'grpc' | 'connect' }) => CallMetrics;

/** The calls of a method at one transport. */
export interface CallMetrics {
  started(): void;
  /** `code` is the gRPC status by name, e.g. `NOT_FOUND`. */
  finished(outcome: { code: string; durationSeconds: number }): void;
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
  const inFlightReports: ((gauge: Gauge) => void)[] = [];
  new Gauge({
    name: 'rpc_server_in_flight',
    help: 'Calls in progress',
    labelNames: ['method', 'transport'],
    registers: [registry],
    // Only a scrape has use for the number, and each call would set it twice.
    collect() {
      for (const report of inFlightReports) report(this);
    },
  });
  return (labels) => {
    let calls: number | undefined;
    const labelsOf = new Map<string, typeof labels & { code: string }>();
    inFlightReports.push((gauge) => {
      if (calls !== undefined) gauge.set(labels, calls);
    });
    return {
      started() {
        calls = (calls ?? 0) + 1;
      },
      finished({ code, durationSeconds }) {
        calls = (calls ?? 0) - 1;
        let withCode = labelsOf.get(code);
        if (withCode === undefined) {
          withCode = { ...labels, code };
          labelsOf.set(code, withCode);
        }
        durations.observe(withCode, durationSeconds);
      },
    };
  };
}
