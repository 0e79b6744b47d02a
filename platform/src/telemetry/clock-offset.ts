import { Gauge, type Registry } from 'prom-client';

/** Registers the metric of a clock's offset, and returns what sets it, in seconds. */
export function clockOffsetMetric(registry: Registry): (seconds: number) => void {
  const gauge = new Gauge({
    name: 'database_clock_offset_seconds',
    help: "By how much this process's clock is ahead of the database's",
    registers: [registry],
  });
  return (seconds) => gauge.set(seconds);
}
