// Each limit with one caller at ten times what it allows.
import type { Role } from '@loyalty/platform/auth/tokens.ts';
import type { Door } from './calls.ts';

export interface Abuse {
  readonly id: string;
  readonly title: string;
  readonly door: Door;
  readonly role: Role;
  readonly atOnce: number;
  readonly perSecond?: number;
  readonly bodyBytes: number;
  /** How long the attacker keeps back the last byte of each body; not at all if absent. */
  readonly slowMs?: number;
  /** Whether the attacker has no valid token. */
  readonly unknown?: boolean;
  /** What the attacker has to be told at least once. */
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

const doors: readonly Door[] = ['gateway', 'connect', 'grpc'];

const ofCallers: readonly (Omit<Abuse, 'door' | 'refusal'> & { doors: readonly Door[] })[] = [
  {
    id: 'member-calls',
    title: 'a member with ten times as many calls at once',
    role: 'member',
    atOnce: 40,
    bodyBytes: 0,
    doors,
    limits: { MEMBER_CALLS_IN_FLIGHT_MAX: 4 },
  },
  {
    id: 'member-rate',
    title: 'a member with ten times as many calls a second',
    role: 'member',
    atOnce: 1,
    perSecond: 500,
    bodyBytes: 0,
    doors,
    limits: { MEMBER_CALLS_PER_SECOND: 50, MEMBER_BURST: 50 },
  },
  {
    id: 'member-bytes',
    title: 'a member with ten times as many bytes at once',
    role: 'member',
    atOnce: 40,
    bodyBytes: 64 * kibibyte,
    slowMs: 200,
    doors,
    limits: { MEMBER_BYTES_IN_FLIGHT_MAX: 256 * kibibyte },
  },
  {
    id: 'backend-calls',
    title: 'a service with ten times as many calls at once',
    role: 'service',
    atOnce: 80,
    bodyBytes: 0,
    doors,
    limits: { BACKEND_CALLS_IN_FLIGHT_MAX: 8 },
  },
  {
    id: 'backend-bytes',
    title: 'a service with ten times as many bytes at once',
    role: 'service',
    atOnce: 80,
    bodyBytes: 128 * kibibyte,
    slowMs: 200,
    doors,
    limits: { BACKEND_BYTES_IN_FLIGHT_MAX: kibibyte * kibibyte },
  },
];

export const abuses: readonly Abuse[] = [
  ...ofCallers.flatMap(({ doors: attacked, ...abuse }) =>
    attacked.map(
      (door): Abuse => ({ ...abuse, id: `${abuse.id}-${door}`, door, refusal: 'RATE_LIMITED' }),
    ),
  ),
  ...doors.map(
    (door): Abuse => ({
      id: `address-tokens-${door}`,
      title: 'an address with ten times as many new tokens at once',
      door,
      role: 'member',
      atOnce: 640,
      bodyBytes: 0,
      unknown: true,
      refusal: 'RATE_LIMITED',
      limits: noLimits,
    }),
  ),
  ...doors.map(
    (door): Abuse => ({
      id: `stranger-bytes-${door}`,
      title: '100 connections that send 1 MiB without a valid token',
      door,
      role: 'member',
      atOnce: 100,
      bodyBytes: kibibyte * kibibyte - kibibyte,
      unknown: true,
      refusal: 'UNAUTHENTICATED',
      limits: noLimits,
    }),
  ),
];
