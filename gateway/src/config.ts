import { flag, integer, logLevel, port, readConfig } from '@loyalty/platform/config.ts';
import { z } from 'zod';
import { defaultLimits, type GatewayLimits } from './limits.ts';

export interface GatewayConfig {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** gRPC targets, `host:port`. */
  programsAddress: string;
  ledgerAddress: string;
  jwt: {
    issuer: string;
    audience: string;
    /** Either a shared secret or a JWKS. */
    secret: string | undefined;
    jwks: string | undefined;
  };
  /** Origins of browser apps; `*` for all. */
  corsOrigins: readonly string[];
  log: { level: string; pretty: boolean };
  shutdownGraceMs: number;
  limits: GatewayLimits;
}

const address = z.string().regex(/^.+:\d{1,5}$/, 'must be host:port');
const text = z.string().min(1);

const schema = z
  .object({
    GATEWAY_HOST: text.default('0.0.0.0'),
    GATEWAY_PORT: port().default(8080),
    GATEWAY_PROGRAMS_ADDRESS: address.describe("the Programs service's gRPC address, host:port"),
    GATEWAY_LEDGER_ADDRESS: address.describe("the Ledger service's gRPC address, host:port"),
    GATEWAY_JWT_ISSUER: text.describe('the issuer that tokens must name'),
    GATEWAY_JWT_AUDIENCE: text.describe('the audience that tokens must name'),
    GATEWAY_JWT_SECRET: z
      .string()
      .min(32, 'must have at least 32 characters')
      .optional()
      .describe('a shared secret, or GATEWAY_JWT_JWKS instead'),
    GATEWAY_JWT_JWKS: text.optional().describe("URL or file of the issuer's keys"),
    GATEWAY_CORS_ORIGINS: z
      .string()
      .default('')
      .transform((value) => value.split(',').flatMap((origin) => origin.trim() || []))
      .refine(
        (origins) => origins.every(isOrigin),
        'must be * or a comma-separated list of origins',
      )
      .describe('such as https://app.example.com'),
    GATEWAY_LOG_LEVEL: logLevel().default('info'),
    GATEWAY_LOG_PRETTY: flag().default(false),
    GATEWAY_SHUTDOWN_GRACE_SECONDS: integer({ min: 0, max: 3600 }).default(20),
  })
  .refine(
    (env) => (env.GATEWAY_JWT_SECRET === undefined) !== (env.GATEWAY_JWT_JWKS === undefined),
    {
      path: ['GATEWAY_JWT_SECRET'],
      error: 'must be set if, and only if, GATEWAY_JWT_JWKS is not',
    },
  );

function isOrigin(origin: string): boolean {
  return origin === '*' || URL.parse(origin)?.origin === origin;
}

/** @throws {ConfigError} naming every key that is unknown, missing or bad */
export function readGatewayConfig(
  env: Readonly<Record<string, string | undefined>>,
): GatewayConfig {
  const values = readConfig({ env, prefix: 'GATEWAY_', schema });
  return {
    host: values.GATEWAY_HOST,
    port: values.GATEWAY_PORT,
    programsAddress: values.GATEWAY_PROGRAMS_ADDRESS,
    ledgerAddress: values.GATEWAY_LEDGER_ADDRESS,
    jwt: {
      issuer: values.GATEWAY_JWT_ISSUER,
      audience: values.GATEWAY_JWT_AUDIENCE,
      secret: values.GATEWAY_JWT_SECRET,
      jwks: values.GATEWAY_JWT_JWKS,
    },
    corsOrigins: values.GATEWAY_CORS_ORIGINS,
    log: { level: values.GATEWAY_LOG_LEVEL, pretty: values.GATEWAY_LOG_PRETTY },
    shutdownGraceMs: values.GATEWAY_SHUTDOWN_GRACE_SECONDS * 1000,
    limits: defaultLimits,
  };
}
