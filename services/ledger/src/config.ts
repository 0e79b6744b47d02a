import {
  ConfigError,
  flag,
  integer,
  logLevel,
  port,
  readConfig,
  url,
} from '@loyalty/platform/config.ts';
import { z } from 'zod';

const schema = z.object({
  LEDGER_HOST: z.string().default('0.0.0.0').describe('the address to listen on'),
  LEDGER_GRPC_PORT: port().default(50_052),
  LEDGER_HTTP_PORT: port().default(8082),
  LEDGER_DATABASE_URL: url({ protocols: ['postgres:', 'postgresql:'] }).describe(
    'such as postgres://user:password@host:5432/ledger',
  ),
  LEDGER_DATABASE_POOL_SIZE: integer({ min: 1, max: 500 }).default(10),
  LEDGER_NATS_URL: natsUrls().describe('such as nats://host:4222'),
  LEDGER_NATS_USER: z.string().optional(),
  LEDGER_NATS_PASSWORD: z.string().optional(),
  LEDGER_PROGRAMS_ADDRESS: z.string().min(1).describe('such as programs:50051'),
  LEDGER_SERVICE_TOKEN_FILE: z.string().optional(),
  LEDGER_JWT_ISSUER: z.string().describe('the iss that tokens must have'),
  LEDGER_JWT_AUDIENCE: z.string().describe('the aud that tokens must have'),
  LEDGER_JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
    .optional(),
  LEDGER_JWT_JWKS: z.string().optional(),
  LEDGER_LOG_LEVEL: logLevel().default('info'),
  LEDGER_LOG_PRETTY: flag().default(false),
  LEDGER_SHUTDOWN_GRACE_SECONDS: integer({ min: 0, max: 3600 }).default(20),
});

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

export interface LedgerConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly grpcPort: number;
  /** 0 takes a free port. */
  readonly httpPort: number;
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly nats: {
    readonly url: string;
    readonly user: string | undefined;
    readonly password: string | undefined;
  };
  readonly programs: {
    /** `host:port`, or another target of grpc-js. */
    readonly address: string;
    /** A file with the token for calls to Programs; where there is none, `tokens.secret` signs one. */
    readonly tokenFile: string | undefined;
  };
  /** Exactly one of `secret` and `jwks` (a URL or a file) is set. */
  readonly tokens: {
    readonly issuer: string;
    readonly audience: string;
    readonly secret: string | undefined;
    readonly jwks: string | undefined;
  };
  readonly log: { readonly level: string; readonly pretty: boolean };
  readonly shutdownGraceMs: number;
}

/**
 * Reads the environment, so that nothing else has to.
 *
 * @throws {ConfigError}
 */
export function readLedgerConfig(env: NodeJS.ProcessEnv): LedgerConfig {
  const values = readConfig({ env, prefix: 'LEDGER_', schema });
  if ((values.LEDGER_JWT_SECRET === undefined) === (values.LEDGER_JWT_JWKS === undefined)) {
    throw new ConfigError('set exactly one of LEDGER_JWT_SECRET and LEDGER_JWT_JWKS');
  }
  if (values.LEDGER_JWT_SECRET === undefined && values.LEDGER_SERVICE_TOKEN_FILE === undefined) {
    throw new ConfigError(
      'LEDGER_SERVICE_TOKEN_FILE is missing; set it to a file with a service token, because without LEDGER_JWT_SECRET the ledger can’t sign its own',
    );
  }
  return {
    host: values.LEDGER_HOST,
    grpcPort: values.LEDGER_GRPC_PORT,
    httpPort: values.LEDGER_HTTP_PORT,
    database: { url: values.LEDGER_DATABASE_URL, poolSize: values.LEDGER_DATABASE_POOL_SIZE },
    nats: {
      url: values.LEDGER_NATS_URL,
      user: values.LEDGER_NATS_USER,
      password: values.LEDGER_NATS_PASSWORD,
    },
    programs: {
      address: values.LEDGER_PROGRAMS_ADDRESS,
      tokenFile: values.LEDGER_SERVICE_TOKEN_FILE,
    },
    tokens: {
      issuer: values.LEDGER_JWT_ISSUER,
      audience: values.LEDGER_JWT_AUDIENCE,
      secret: values.LEDGER_JWT_SECRET,
      jwks: values.LEDGER_JWT_JWKS,
    },
    log: { level: values.LEDGER_LOG_LEVEL, pretty: values.LEDGER_LOG_PRETTY },
    shutdownGraceMs: values.LEDGER_SHUTDOWN_GRACE_SECONDS * 1000,
  };
}
