// Settings of the limits that one caller has at a process.
import type { z } from 'zod';
import { integer } from './config.ts';
import { type CallerLimitsOptions, defaultCallerLimits } from './rpc/caller-limits.ts';

/** Names of environment variables behind the process's prefix. */
export function callerLimitSettings() {
  const { member, backend } = defaultCallerLimits;
  const { callsPerSecond = 0, burst = 0 } = member.rate ?? {};
  return {
    MEMBER_CALLS_IN_FLIGHT_MAX: count(member.callsInFlightMax, 'calls of one member at once'),
    MEMBER_CALLS_PER_SECOND: count(callsPerSecond, 'calls of one member a second, on average'),
    MEMBER_BURST: count(burst, 'calls of one member at once after a pause'),
    MEMBER_BYTES_IN_FLIGHT_MAX: count(member.bytesInFlightMax, "bytes of one member's requests"),
    BACKEND_CALLS_IN_FLIGHT_MAX: count(
      backend.callsInFlightMax,
      'calls of one service or admin at once',
    ),
    BACKEND_BYTES_IN_FLIGHT_MAX: count(
      backend.bytesInFlightMax,
      "bytes of one service's or admin's requests",
    ),
  };
}

function count(preset: number, meaning: string) {
  return integer({ min: 1, max: 2 ** 31 - 1 })
    .default(preset)
    .describe(meaning);
}

type Values = z.output<z.ZodObject<ReturnType<typeof callerLimitSettings>>>;

export function callerLimits(values: Values): CallerLimitsOptions {
  return {
    member: {
      callsInFlightMax: values.MEMBER_CALLS_IN_FLIGHT_MAX,
      rate: { callsPerSecond: values.MEMBER_CALLS_PER_SECOND, burst: values.MEMBER_BURST },
      bytesInFlightMax: values.MEMBER_BYTES_IN_FLIGHT_MAX,
    },
    backend: {
      callsInFlightMax: values.BACKEND_CALLS_IN_FLIGHT_MAX,
      rate: undefined,
      bytesInFlightMax: values.BACKEND_BYTES_IN_FLIGHT_MAX,
    },
    callersMax: defaultCallerLimits.callersMax,
  };
}
