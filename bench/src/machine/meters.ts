// What a window of time costs, by process. A meter's readings are totals of the window under names that end in a unit;
// divided by the calls of the window, `serviceCpuUs` becomes the detail `serviceCpuPerCallUs`.

import type { BenchMachine } from './bench-machine.ts';
import type { ChildService } from './child-service.ts';
import { processorSeconds } from './processor-time.ts';

export type Readings = Readonly<Partial<Record<Quantity, number>>>;

/** Begins a window; the function returned ends it. */
export type Meter = () => Promise<() => Promise<Readings>>;

const quantities = {
  serviceCpuUs: 'serviceCpuPerCallUs',
  serviceAllocatedBytes: 'serviceAllocatedPerCallBytes',
  serviceCollectingUs: 'serviceCollectingPerCallUs',
  gatewayCpuUs: 'gatewayCpuPerCallUs',
  ledgerCpuUs: 'ledgerCpuPerCallUs',
  postgresCpuUs: 'postgresCpuPerCallUs',
  natsCpuUs: 'natsCpuPerCallUs',
  clientCpuUs: 'clientCpuPerCallUs',
  statements: 'statementsPerCall',
  walBytes: 'walPerCallBytes',
} as const;

type Quantity = keyof typeof quantities;
export type Detail = (typeof quantities)[Quantity];

/** The meters as one. Where two read the same quantity, it is their sum. */
export function combined(meters: readonly Meter[]): Meter {
  return async () => {
    const ends = await Promise.all(meters.map((begin) => begin()));
    return async () => {
      const sums: Partial<Record<Quantity, number>> = {};
      for (const readings of await Promise.all(ends.map((end) => end()))) {
        for (const [name, value] of Object.entries(readings)) {
          sums[name as Quantity] = (sums[name as Quantity] ?? 0) + value;
        }
      }
      return sums;
    };
  };
}

/** The readings for each of as many calls, to a tenth of the unit, or a thousandth below ten; none where there are no calls. */
export function perCall(readings: Readings, calls: number): Partial<Record<Detail, number>> {
  const details: Partial<Record<Detail, number>> = {};
  if (calls === 0) return details;
  for (const [name, total] of Object.entries(readings)) {
    const value = total / calls;
    const digits = value < 10 ? 1_000 : 10;
    details[quantities[name as Quantity]] = Math.round(value * digits) / digits;
  }
  return details;
}

/** What a service takes, and where it is a gateway's ledger or the gateway itself, that by its own name too. */
export function serviceMeter(
  service: Pick<ChildService, 'begin'>,
  options: { as?: 'gatewayCpuUs' | 'ledgerCpuUs'; profileFile?: () => string | undefined } = {},
): Meter {
  return async () => {
    const end = await service.begin(options.profileFile?.());
    return async () => {
      const { cpuUs, allocatedBytes, collectingUs } = await end();
      return {
        serviceCpuUs: cpuUs,
        serviceAllocatedBytes: allocatedBytes,
        serviceCollectingUs: collectingUs,
        ...(options.as !== undefined && { [options.as]: cpuUs }),
      };
    };
  };
}

/** PostgreSQL's processes together, its log, and the statements that it was sent. */
export function postgresMeter(machine: BenchMachine): Meter {
  return async () => {
    const work = await machine.postgresWork();
    const seconds = await machine.postgresSeconds();
    return async () => {
      const secondsAfter = await machine.postgresSeconds();
      const workAfter = await machine.postgresWork();
      return {
        ...cpuUsed('postgresCpuUs', seconds, secondsAfter),
        statements: workAfter.statements - work.statements,
        walBytes: workAfter.walBytes - work.walBytes,
      };
    };
  };
}

export function natsMeter(pid: number): Meter {
  return processMeter('natsCpuUs', () => processorSeconds(pid));
}

/** Nothing where the system doesn't report `seconds`. */
export function processMeter(name: Quantity, seconds: () => Promise<number | undefined>): Meter {
  return async () => {
    const before = await seconds();
    return async () => cpuUsed(name, before, await seconds());
  };
}

function cpuUsed(name: Quantity, before: number | undefined, after: number | undefined): Readings {
  if (before === undefined || after === undefined) return {};
  return { [name]: (after - before) * 1e6 };
}
