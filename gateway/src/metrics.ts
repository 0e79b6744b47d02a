import { Histogram, type Registry } from 'prom-client';

export interface HttpMetrics {
  /** Method and route are undefined for a request that no route takes. */
  finished(request: {
    method: string | undefined;
    route: string | undefined;
    status: number;
    durationSeconds: number;
  }): void;
}

/** Duration, number and outcome of requests, by the template of their route: paths and methods of callers have no bounds. */
export function httpMetrics(registry: Registry): HttpMetrics {
  const durations = new Histogram({
    name: 'http_server_duration_seconds',
    help: 'Time from the arrival of a request to the end of its response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0025, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 5, 10],
    registers: [registry],
  });
  return {
    finished: ({ method = 'none', route = 'none', status, durationSeconds }) =>
      durations.observe({ method, route, status }, durationSeconds),
  };
}
