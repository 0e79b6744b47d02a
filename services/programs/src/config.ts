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
  PROGRAMS_HOST: z.string().default('0.0.0.0').describe('the address to listen on'),
  PROGRAMS_GRPC_PORT: port().default(50_051),
  PROGRAMS_HTTP_PORT: port().default(8081),
  PROGRAMS_DATABASE_URL: url({ protocols: ['postgres:', 'postgresql:'] }).describe(
    'such as postgres://user:password@host:5432/programs',
  ),
  PROGRAMS_DATABASE_POOL_SIZE: integer({ min: 1, max: 500 }).default(10),
  PROGRAMS_NATS_URL: natsUrls().describe('such as nats://host:4222'),
  PROGRAMS_NATS_USER: z.string().optional(),
  PROGRAMS_NATS_PASSWORD: z.string().optional(),
  PROGRAMS_LEDGER_ADDRESS: z.string().min(1).describe('such as ledger:50052'),
  PROGRAMS_JWT_ISSUER: z.string().describe('the iss that tokens must have'),
  PROGRAMS_JWT_AUDIENCE: z.string().describe('the aud that tokens must have'),
  PROGRAMS_JWT_SECRET: z
    .string()
    .refine((secret) => Buffer.byteLength(secret) >= 32, 'must have at least 32 bytes')
    .optional(),
  PROGRAMS_JWT_JWKS: z.string().optional(),
  PROGRAMS_LOG_LEVEL: logLevel().default('info'),
  PROGRAMS_LOG_PRETTY: flag().default(false),
  PROGRAMS_SHUTDOWN_GRACE_SECONDS: integer({ min: 0, max: 3600 }).default(20),
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

export interface ProgramsConfig {
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
  readonly ledger: {
    /** `host:port`, or another target of grpc-js. */
    readonly address: string;
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
export function readProgramsConfig(env: NodeJS.ProcessEnv): ProgramsConfig {
  const values = readConfig({ env, prefix: 'PROGRAMS_', schema });
  if ((values.PROGRAMS_JWT_SECRET === undefined) === (values.PROGRAMS_JWT_JWKS === undefined)) {
    throw new ConfigError('set exactly one of PROGRAMS_JWT_SECRET and PROGRAMS_JWT_JWKS');
  }
  return {
    host: values.PROGRAMS_HOST,
    grpcPort: values.PROGRAMS_GRPC_PORT,
    httpPort: values.PROGRAMS_HTTP_PORT,
    database: { url: values.PROGRAMS_DATABASE_URL, poolSize: values.PROGRAMS_DATABASE_POOL_SIZE },
    nats: {
      url: values.PROGRAMS_NATS_URL,
      user: values.PROGRAMS_NATS_USER,
      password: values.PROGRAMS_NATS_PASSWORD,
    },
    ledger: { address: values.PROGRAMS_LEDGER_ADDRESS },
    tokens: {
      issuer: values.PROGRAMS_JWT_ISSUER,
      audience: values.PROGRAMS_JWT_AUDIENCE,
      secret: values.PROGRAMS_JWT_SECRET,
      jwks: values.PROGRAMS_JWT_JWKS,
    },
    log: { level: values.PROGRAMS_LOG_LEVEL, pretty: values.PROGRAMS_LOG_PRETTY },
    shutdownGraceMs: values.PROGRAMS_SHUTDOWN_GRACE_SECONDS * 1000,
  };
}
