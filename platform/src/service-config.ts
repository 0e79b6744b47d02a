// The configuration that services have in common. Names are those of environment variables behind the service's prefix.
import { z } from 'zod';
import { callerLimitSettings, callerLimits } from './caller-limit-config.ts';
import { ConfigError, flag, integer, logLevel, port, url } from './config.ts';
import type { CallerLimitsOptions } from './rpc/caller-limits.ts';
import { isNetwork, type TrustedCallers } from './rpc/trusted-callers.ts';

/** How bearer tokens are verified. Exactly one of `secret` and `jwks` (a URL or a file) is set. */
export interface TokenConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly secret: string | undefined;
  readonly jwks: string | undefined;
}

export interface ProcessConfig {
  readonly host: string;
  /** Where it answers /livez, /readyz and /metrics; port 0 takes a free one. */
  readonly management: { readonly host: string; readonly port: number };
  readonly tokens: TokenConfig;
  readonly log: { readonly level: string; readonly pretty: boolean };
  readonly shutdownGraceMs: number;
}

/** What a service with a database has besides. */
export interface ServiceConfig extends ProcessConfig {
  /** 0 takes a free port. */
  readonly grpcPort: number;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly callerLimits: CallerLimitsOptions;
  readonly trustedCallers: TrustedCallers;
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly nats: {
    readonly url: string;
    readonly user: string | undefined;
    readonly password: string | undefined;
  };
}

/** Settings of every process that serves. */
export function processSettings({ managementPort }: { managementPort: number }) {
  return {
    HOST: z.string().default('0.0.0.0').describe('the address to listen on'),
    MANAGEMENT_HOST: z
      .string()
      .optional()
      .describe('the address to answer probes and monitoring on, if not HOST'),
    MANAGEMENT_PORT: port().default(managementPort),
    JWT_ISSUER: z.string().describe('the iss that tokens must have'),
    JWT_AUDIENCE: z.string().describe('the aud that tokens must have'),
    JWT_SECRET: z
      .string()
      .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
      .optional()
      .describe('a shared secret, where there is no JWT_JWKS'),
    JWT_JWKS: z.string().optional().describe("URL or file of the issuer's keys"),
    LOG_LEVEL: logLevel().default('info'),
    LOG_PRETTY: flag().default(false),
    SHUTDOWN_GRACE_SECONDS: integer({ min: 0, max: 3600 }).default(20),
  };
}

/** Settings of every service with a database. */
export function serviceSettings(service: {
  grpcPort: number;
  httpPort: number;
  managementPort: number;
  /** The customary name of its database. */
  database: string;
}) {
  return {
    ...processSettings(service),
    GRPC_PORT: port().default(service.grpcPort),
    HTTP_PORT: port().default(service.httpPort),
    DATABASE_URL: url({ protocols: ['postgres:', 'postgresql:'] }).describe(
      `such as postgres://user:password@host:5432/${service.database}`,
    ),
    DATABASE_POOL_SIZE: integer({ min: 1, max: 500 }).default(10),
    ...callerLimitSettings(),
    TRUSTED_CALLERS: z
      .string()
      .default('')
      .transform((value) => value.split(',').flatMap((network) => network.trim() || []))
      .refine(
        (networks) => networks.every(isNetwork),
        'must be IP addresses or networks such as 10.0.0.0/8, separated by commas',
      )
      .describe('from where calls come that a gateway has held to the limits of callers already'),
    NATS_URL: natsUrls().describe('such as nats://host:4222'),
    NATS_USER: z.string().optional(),
    NATS_PASSWORD: z.string().optional(),
  };
}

/** One server or several, separated by commas. */
function natsUrls() {
  const one = url({ protocols: ['nats:', 'tls:'] });
  return z
    .string()
    .refine(
      (value) => value.split(',').every((part) => one.safeParse(part.trim()).success),
      'must be one or more URLs that start with nats:// or tls://, separated by commas',
    );
}

type Values<Settings extends z.core.$ZodLooseShape> = z.output<z.ZodObject<Settings>>;

/**
 * @param prefix of the process's settings, for messages
 * @throws {ConfigError} unless there is exactly one way to verify tokens
 */
export function processConfig(
  values: Values<ReturnType<typeof processSettings>>,
  prefix: string,
): ProcessConfig {
  if ((values.JWT_SECRET === undefined) === (values.JWT_JWKS === undefined)) {
    throw new ConfigError(
      `${prefix}JWT_SECRET must be set if, and only if, ${prefix}JWT_JWKS is not`,
    );
  }
  return {
    host: values.HOST,
    management: { host: values.MANAGEMENT_HOST ?? values.HOST, port: values.MANAGEMENT_PORT },
    tokens: {
      issuer: values.JWT_ISSUER,
      audience: values.JWT_AUDIENCE,
      secret: values.JWT_SECRET,
      jwks: values.JWT_JWKS,
    },
    log: { level: values.LOG_LEVEL, pretty: values.LOG_PRETTY },
    shutdownGraceMs: values.SHUTDOWN_GRACE_SECONDS * 1000,
  };
}

/** @throws {ConfigError} as {@link processConfig} does */
export function serviceConfig(
  values: Values<ReturnType<typeof serviceSettings>>,
  prefix: string,
): ServiceConfig {
  return {
    ...processConfig(values, prefix),
    grpcPort: values.GRPC_PORT,
    httpPort: values.HTTP_PORT,
    callerLimits: callerLimits(values),
    trustedCallers: values.TRUSTED_CALLERS,
    database: { url: values.DATABASE_URL, poolSize: values.DATABASE_POOL_SIZE },
    nats: {
      url: values.NATS_URL,
      user: values.NATS_USER,
      password: values.NATS_PASSWORD,
    },
  };
}
