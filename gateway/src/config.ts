import { callerLimitSettings, callerLimits } from '@loyalty/platform/caller-limit-config.ts';
import { integer, port, readConfig, taking } from '@loyalty/platform/config.ts';
import {
  type ProcessConfig,
  processConfig,
  processSettings,
  requireDifferentPorts,
} from '@loyalty/platform/service-config.ts';
import { z } from 'zod';
import { defaultLimits, type GatewayLimits } from './limits.ts';

export interface GatewayConfig extends ProcessConfig {
  /** 0 takes a free port. */
  readonly port: number;
  /** gRPC targets, `host:port`. */
  readonly programsAddress: string;
  readonly ledgerAddress: string;
  /** Undefined where webhooks aren't deployed. */
  readonly webhooksAddress: string | undefined;
  /** HTTP/2 sessions to each replica of a service; each caller has one of them. */
  readonly sessionsPerService: number;
  /** Origins of browser apps; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** Proxies between clients and the gateway, each of which adds to X-Forwarded-For. */
  readonly trustedProxies: number;
  readonly limits: GatewayLimits;
}

export const gatewayPrefix = 'GATEWAY_';
const address = taking('host:port', z.string().regex(/^.+:\d{1,5}$/, 'must be host:port'));

/** Keyed by the names of environment variables behind {@link gatewayPrefix}. */
export const gatewaySettings = z.object({
  ...processSettings({ managementPort: 9090 }),
  PORT: port().default(8080).describe('the port of HTTP and JSON; 0 takes a free one'),
  PROGRAMS_ADDRESS: address.describe("the Programs service's gRPC address, host:port"),
  LEDGER_ADDRESS: address.describe("the Ledger service's gRPC address, host:port"),
  WEBHOOKS_ADDRESS: address
    .optional()
    .describe("the Webhooks service's gRPC address, host:port; without it its routes don't exist"),
  SESSIONS_PER_SERVICE: integer({ min: 1, max: 64 })
    .default(4)
    .describe('HTTP/2 sessions to each replica of a service, among which callers are spread'),
  ...callerLimitSettings(),
  TRUSTED_PROXIES: integer({ min: 0, max: 10 })
    .default(0)
    .describe('how many proxies add to X-Forwarded-For between clients and the gateway'),
  CORS_ORIGINS: taking(
    '* or a comma-separated list of origins',
    z
      .string()
      .default('')
      .transform((value) => value.split(',').flatMap((origin) => origin.trim() || []))
      .refine(
        (origins) => origins.every(isOrigin),
        'must be * or a comma-separated list of origins',
      ),
  ).describe('whose web pages may call, such as https://app.example.com; * for all'),
});

function isOrigin(origin: string): boolean {
  return origin === '*' || URL.parse(origin)?.origin === origin;
}

/** @throws {ConfigError} naming every key that is unknown, missing or bad */
export function readGatewayConfig(
  env: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const values = readConfig({ env, prefix: gatewayPrefix, schema: gatewaySettings });
  requireDifferentPorts({
    [`${gatewayPrefix}PORT`]: values.PORT,
    [`${gatewayPrefix}MANAGEMENT_PORT`]: values.MANAGEMENT_PORT,
  });
  return {
    ...processConfig(values, gatewayPrefix),
    port: values.PORT,
    programsAddress: values.PROGRAMS_ADDRESS,
    ledgerAddress: values.LEDGER_ADDRESS,
    webhooksAddress: values.WEBHOOKS_ADDRESS,
    sessionsPerService: values.SESSIONS_PER_SERVICE,
    corsOrigins: values.CORS_ORIGINS,
    trustedProxies: values.TRUSTED_PROXIES,
    limits: { ...defaultLimits, callers: callerLimits(values) },
  };
}
