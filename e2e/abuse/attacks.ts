// For each limit, one caller that asks for ten times what it allows.
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import type { Transport } from './calls.ts';

export interface Abuse {
  readonly id: string;
  readonly title: string;
  readonly transport: Transport;
  readonly role: Role;
  readonly atOnce: number;
  readonly perSecond?: number;
  readonly bodyBytes: number;
  /** How long the attacker withholds the last byte of each body; 0 if absent. */
  readonly slowMs?: number;
  /** Whether the attacker has no valid token. */
  readonly unknown?: boolean;
  /** The reason with which the attacker must be refused at least once. */
  readonly refusal: 'RATE_LIMITED' | 'UNAUTHENTICATED';
  /** Settings of the limits, without the process's prefix, that the attack is about. */
  readonly limits: Readonly<Record<string, number>>;
}

const kibibyte = 1024;

/** Limits that no attack reaches unless it is about them. */
export const wideLimits: Readonly<Record<string, number>> = {
  MEMBER_CALLS_IN_FLIGHT_MAX: 1_000,
  MEMBER_CALLS_PER_SECOND: 1_000_000,
  MEMBER_BURST: 1_000_000,
  MEMBER_BYTES_IN_FLIGHT_MAX: 64 * kibibyte * kibibyte,
};

/** The same object for attacks that can share a platform. */
const noLimits = {};

const transports: readonly Transport[] = ['gateway', 'connect', 'grpc'];

const ofCallers: readonly (Omit<Abuse, 'transport' | 'refusal'> & {
  transports: readonly Transport[];
})[] = [
  {
    id: 'member-calls',
    title: 'a member with ten times as many calls at once',
    role: 'member',
    atOnce: 40,
    bodyBytes: 0,
    transports,
    limits: { MEMBER_CALLS_IN_FLIGHT_MAX: 4 },
  },
  {
    id: 'member-rate',
    title: 'a member with ten times as many calls a second',
    role: 'member',
    atOnce: 1,
    perSecond: 500,
    bodyBytes: 0,
    transports,
    limits: { MEMBER_CALLS_PER_SECOND: 50, MEMBER_BURST: 50 },
  },
  {
    id: 'member-bytes',
    title: 'a member with ten times as many bytes at once',
    role: 'member',
    atOnce: 40,
    bodyBytes: 64 * kibibyte,
    slowMs: 200,
    transports,
    limits: { MEMBER_BYTES_IN_FLIGHT_MAX: 256 * kibibyte },
  },
  {
    id: 'backend-calls',
    title: 'a service with ten times as many calls at once',
    role: 'service',
    atOnce: 80,
    bodyBytes: 0,
    transports,
    limits: { BACKEND_CALLS_IN_FLIGHT_MAX: 8 },
  },
  {
    id: 'backend-bytes',
    title: 'a service with ten times as many bytes at once',
    role: 'service',
    atOnce: 80,
    bodyBytes: 128 * kibibyte,
    slowMs: 200,
    transports,
    limits: { BACKEND_BYTES_IN_FLIGHT_MAX: kibibyte * kibibyte },
  },
];

export const abuses: readonly Abuse[] = [
  ...ofCallers.flatMap(({ transports: attacked, ...abuse }) =>
    attacked.map(
      (transport): Abuse => ({
        ...abuse,
        id: `${abuse.id}-${transport}`,
        transport,
        refusal: 'RATE_LIMITED',
      }),
    ),
  ),
  ...transports.map(
    (transport): Abuse => ({
      id: `address-tokens-${transport}`,
      title: 'an address with ten times as many new tokens at once',
      transport,
      role: 'member',
      atOnce: 640,
      bodyBytes: 0,
      unknown: true,
      refusal: 'RATE_LIMITED',
      limits: noLimits,
    }),
  ),
  ...transports.map(
    (transport): Abuse => ({
      id: `stranger-bytes-${transport}`,
      title: '100 connections that send 1 MiB without a valid token',
      transport,
      role: 'member',
      atOnce: 100,
      bodyBytes: kibibyte * kibibyte - kibibyte,
      unknown: true,
      refusal: 'UNAUTHENTICATED',
      limits: noLimits,
    }),
  ),
];
